"""What a file is by its content: its media type, and what is never taken in."""

from __future__ import annotations

import codecs
import json
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import PurePath
from typing import BinaryIO

import PIL.Image

#: Bytes that a first look needs.
HEAD_BYTES = 64 << 10
#: Names in a zip archive that are looked through; more are refused, for their list alone would fill the memory.
_MOST_MEMBERS = 10_000
_MOST_DIRECTORY_BYTES = 16 << 20
#: As Pillow has it, which refuses to decode more.
_MOST_PIXELS = 2 * (1 << 30) // 12

OTHER = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"

#: First bytes → media type.
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"), (b"II*\0", "image/tiff"), (b"MM\0*", "image/tiff"), (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"), (b"BM", "image/bmp"), (b"\x76\x2f\x31\x01", "image/x-exr"),
    (b"#?RADIANCE", "image/vnd.radiance"), (b"#?RGBE", "image/vnd.radiance"),
    (b"\x93NUMPY", "application/x-npy"), (b"PAR1", "application/vnd.apache.parquet"),
    (b"ARROW1\0\0", "application/vnd.apache.arrow.file"), (b"\xff\xff\xff\xff", "application/vnd.apache.arrow.stream"),
    (b"fLaC", "audio/flac"), (b"OggS", "audio/ogg"), (b"ID3", "audio/mpeg"), (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"), (b"\xff\xf2", "audio/mpeg"), (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"PK\x03\x04", "application/zip"), (b"PK\x05\x06", "application/zip"),
)  # fmt: skip
#: The same of a RIFF container, and of an ISO one.
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_ISO = {b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"avif": "image/avif", b"heic": "image/heic"}

_EXECUTABLE = (b"\x7fELF", b"#!", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
               b"\xca\xfe\xba\xbe")  # fmt: skip
#: Pickle's protocols 2 to 5, and what protocol 0 writes first for a list, a dictionary, or a call.
_PICKLE = re.compile(rb"\x80[\x02-\x05]|\([ldi]p0?\r?\n|c[A-Za-z_][\w.]*\r?\n[A-Za-z_]\w*\r?\n(?:p\d+\r?\n)?\(")
_MARKUP = re.compile(rb"<(?:!doctype|!--|\?xml|html|head|body|script|svg|iframe|[a-z]+:svg)", re.IGNORECASE)

_ACTIVE = frozenset({
    "html", "htm", "xhtml", "shtml", "svg", "svgz", "js", "mjs",
    "exe", "dll", "com", "so", "dylib", "sh", "bat", "cmd", "ps1", "vbs",
})  # fmt: skip
_PICKLED = frozenset(["pkl", "pickle", "pt", "pth", "ckpt", "joblib"])
#: Ending of a name → what its content may be; others may be anything that is taken in at all.
_FAMILY_OF_ENDING = {
    **dict.fromkeys(["png", "jpg", "jpeg", "gif", "webp", "tif", "tiff"], ("image/",)),
    **dict.fromkeys(["bmp", "exr", "hdr", "avif", "heic"], ("image/",)),
    **dict.fromkeys(["wav", "flac", "ogg", "mp3", "m4a"], ("audio/",)),
    **dict.fromkeys(["mp4", "mov", "webm", "mkv", "avi"], ("video/",)),
    **dict.fromkeys(["csv", "txt", "cube", "json", "tsv", "md"], ("text/", "application/json")),
    "safetensors": ("application/vnd.safetensors",), "npy": ("application/x-npy",), "npz": ("application/zip",),
    "zip": ("application/zip",), "parquet": ("application/vnd.apache.parquet",),
    "arrow": ("application/vnd.apache.arrow",),
}  # fmt: skip
#: Formats of Pillow whose headers are read.
_PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP", "image/tiff": "TIFF",
             "image/bmp": "BMP"}  # fmt: skip


def media_type_of(head: bytes, size: int) -> str:
    """The media type that a file's first `HEAD_BYTES` bytes tell; of something unknown, `OTHER`."""
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], OTHER)
    if head[4:8] == b"ftyp":
        return _ISO.get(head[8:12], "video/mp4")
    if _is_safetensors(head, size):
        return "application/vnd.safetensors"
    found = next((kind for signature, kind in _SIGNATURES if head.startswith(signature)), None)
    if found == "image/bmp" and head[6:10] != b"\0\0\0\0":  # two letters would be too little to go by
        found = None
    return found or (_text_type(head) if _is_text(head, size) else OTHER)


def refusal_of_head(head: bytes) -> str | None:
    """Why a file that begins so is not taken in, or null."""
    if head.startswith(_EXECUTABLE) or (head[:2] == b"MZ" and b"PE\0\0" in head[:4096]):
        return "it is a program or a script"
    if _PICKLE.match(head):
        return _RUNS_CODE
    # As UTF-16 has it too, and after what a browser skips.
    if _MARKUP.match(head[:1024].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\f")):
        return "it is HTML, SVG or other markup, which may hold scripts"
    return None


def refusal_of_name(name: str, declared: str, media_type: str) -> str | None:
    """Why content of this type is not taken in under that name and declared type, or null."""
    ending = PurePath(name).suffix.lower().removeprefix(".")
    if ending in _ACTIVE:
        return f"a file that ends in .{ending} is a program or holds scripts"
    if ending in _PICKLED:
        return _RUNS_CODE
    family = _FAMILY_OF_ENDING.get(ending)
    if family is not None and not media_type.startswith(family):
        return f"it ends in .{ending}, but its content is {media_type}"
    main = declared.partition(";")[0].strip().lower()
    if main in ("text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript"):
        return f"{main} may hold scripts"
    kind = main.partition("/")[0] + "/"
    if kind in ("image/", "audio/", "video/") and not media_type.startswith(kind):
        return f"it is declared as {main}, but its content is {media_type}"
    return None


def refusal_of_content(file: BinaryIO, media_type: str) -> str | None:
    """Why a whole file is not taken in, or null. Reads headers, decodes nothing."""
    check = _CHECKS.get(media_type) or (_picture if media_type in _PICTURES else None)
    return check(file, media_type) if check else None


_RUNS_CODE = "it is a pickle, which runs code where it is loaded; convert it to safetensors"


def _is_safetensors(head: bytes, size: int) -> bool:
    """Source: the format's README: u64 length of a JSON header, the header, the data."""
    if len(head) < 10 or head[8:9] != b"{":
        return False
    (length,) = struct.unpack("<Q", head[:8])
    return bool(2 <= length <= min(size - 8, 100 << 20))


def _is_text(head: bytes, size: int) -> bool:
    if not head or b"\0" in head:
        return False
    try:
        # The last character may be cut.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) == size)
    except UnicodeDecodeError:
        return False
    return True


def _text_type(head: bytes) -> str:
    if head.lstrip()[:1] in (b"{", b"["):
        if len(head) == HEAD_BYTES:
            return "application/json"
        try:
            json.loads(head)
        except (ValueError, RecursionError):
            return TEXT
        return "application/json"
    return TEXT


def _picture(file: BinaryIO, media_type: str) -> str | None:
    try:
        # What Pillow warns of, and where it gives up, is above the limit here.
        picture = PIL.Image.open(file, formats=[_PICTURES[media_type]])
    except PIL.Image.DecompressionBombError:
        return f"the picture has more than {_MOST_PIXELS} pixels"
    except Exception as error:  # Pillow's readers raise what their formats make them
        return f"it begins as {media_type}, but is no such picture: {type(error).__name__}"
    return None if picture.width * picture.height <= _MOST_PIXELS else f"more than {_MOST_PIXELS} pixels"


def _zip(file: BinaryIO, _: str) -> str | None:
    if (reason := _too_many_members(file)) is not None:
        return reason
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                name = PurePath(member.filename)
                if name.suffix.lower().removeprefix(".") in _PICKLED:
                    return _RUNS_CODE
                if member.is_dir() or member.flag_bits & 1:
                    continue
                with archive.open(member) as inner:
                    if (reason := _refusal_of_member(inner.read(4096))) is not None:
                        return f"{name.name} in it: {reason}"
    except Exception as error:  # zipfile and zlib have many names for it
        return f"it begins as a zip archive, but is none: {type(error).__name__}"
    return None


def _too_many_members(file: BinaryIO) -> str | None:
    """Source: APPNOTE.TXT 6.3, end of central directory record."""
    size = file.seek(0, 2)
    file.seek(max(size - 65_557, 0))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        return "it begins as a zip archive, but has no end"
    members, directory = struct.unpack("<HI", tail[at + 10 : at + 16])
    if members > _MOST_MEMBERS or directory > _MOST_DIRECTORY_BYTES:
        return f"the archive has more than {_MOST_MEMBERS} members"
    return None


def _refusal_of_member(head: bytes) -> str | None:
    return _object_array(head) or (_RUNS_CODE if _PICKLE.match(head) else None)


def _object_array(head: bytes) -> str | None:
    """NumPy writes arrays of Python objects as pickles; their headers say so.

    Source: numpy.lib.format; the header's length is a u16 in version 1, a u32 after that.
    """
    if not head.startswith(b"\x93NUMPY") or len(head) < 12:
        return None
    kind, begin = ("<H", 10) if head[6] == 1 else ("<I", 12)
    (length,) = struct.unpack_from(kind, head, 8) if len(head) >= begin else (0,)
    return _RUNS_CODE if re.search(rb"'[<>|=]?O\d*'", head[begin : begin + length]) else None


_CHECKS: dict[str, Callable[[BinaryIO, str], str | None]] = {
    "application/zip": _zip,
    "application/x-npy": lambda file, _: _object_array(file.read(4096)),
}
