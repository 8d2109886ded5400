"""Text as other text: digests, base64, what stands in addresses and pages."""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import urllib.parse
import zlib
from typing import Annotated

from vortex_worker.sdk import Choices, Doc, Widget, node

Text = Annotated[str, Widget("text")]
Encoding = Annotated[str, Choices("base64", "hex", "url", "html"), Doc("Of the text's bytes in UTF-8.")]


@node("text.hash", category="encoding", outputs=("digest",))
def digest(
    text: Text = "",
    algorithm: Annotated[
        str, Choices("sha256", "sha512", "blake2b", "md5", "crc32"), Doc("The last two only tell slips apart.")
    ] = "sha256",
) -> str:
    """Hexadecimal digits that stand for a text in UTF-8."""
    data = text.encode()
    if algorithm == "crc32":
        return f"{zlib.crc32(data):08x}"
    return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()


@node("text.encode", category="encoding", outputs=("text",))
def encode(text: Text = "", encoding: Encoding = "base64") -> str:
    """Write a text so that it passes where only some characters may."""
    match encoding:
        case "base64":
            return base64.b64encode(text.encode()).decode()
        case "hex":
            return text.encode().hex()
        case "url":
            return urllib.parse.quote(text, safe="")
    return html.escape(text)


@node("text.decode", category="encoding", outputs=("text",))
def decode(text: Text = "", encoding: Encoding = "base64") -> str:
    """The text that was encoded so."""
    try:
        match encoding:
            case "base64":
                return base64.b64decode(text, validate=True).decode()
            case "hex":
                return bytes.fromhex(text).decode()
            case "url":
                return urllib.parse.unquote(text, errors="strict")
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"the text is no {encoding} of UTF-8: {error}") from error
    return html.unescape(text)
