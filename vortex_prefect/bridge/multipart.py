"""The file in a multipart form (RFC 7578), piece by piece as it arrives."""

from __future__ import annotations

from collections.abc import AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from vortex_prefect.core.errors import RequestError


class FileUpload:
    """The first part of a form that has a file name; other parts are skipped.

    Attributes:
        filename: as the client gave it, once `chunks` has met the part.
        media_type: as the client declared it, or empty.
    """

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise RequestError("RQ-001", "a file is sent as multipart/form-data")
        self.filename: str | None = None
        self.media_type = ""
        self._declared = ""
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )
        self._field = b""
        self._value = b""
        self._inside = False
        self._complete = False
        self._pieces: list[bytes] = []

    async def chunks(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The file's content.

        Raises:
            RequestError: RQ-001, the form is malformed, cut off, or has no file.
        """
        async for data in body:
            try:
                self._parser.write(data)
            except FormParserError as error:
                raise RequestError("RQ-001", f"malformed form: {error}") from error
            for piece in self._pieces:
                yield piece
            self._pieces.clear()
        if not self._complete:
            raise RequestError("RQ-001", "the form was cut off")
        if self.filename is None:
            raise RequestError("RQ-001", "the form has no file")

    def _on_part_begin(self) -> None:
        self._field = self._value = b""
        self._declared = ""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._field.lower() == b"content-disposition" and self.filename is None:
            name = parse_options_header(self._value)[1].get(b"filename")
            if name is not None:
                self.filename = name.decode(errors="replace")
                self._inside = True
        if self._field.lower() == b"content-type":
            self._declared = self._value.decode(errors="replace")
        self._field = self._value = b""

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self.media_type = self.media_type or self._declared
            self._pieces.append(data[start:end])

    def _on_part_end(self) -> None:
        self._inside = False

    def _on_end(self) -> None:
        self._complete = True
