"""Uploads and served files: what is taken in, what is refused, and the headers under which it goes out again."""

from __future__ import annotations

import asyncio
import io
import os
import pickle
import shutil
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import PIL.Image
import pytest

from tests.fakes.bridge import Bridge, bridge, served
from vortex_prefect.bridge.safe_headers import SafeFileResponse, safe_headers
from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.files.content import TEXT
from vortex_prefect.service.files import Files
from vortex_prefect.service.pace import Pace


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as found:
        yield found


def picture(format: str) -> bytes:
    file = io.BytesIO()
    PIL.Image.new("RGB", (2, 3), "red").save(file, format)
    return file.getvalue()


def array(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array(values, dtype=object if values is None else None), allow_pickle=True)
    return file.getvalue()


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name.replace("__", "."), content)
    return file.getvalue()


def safetensors() -> bytes:
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    return struct.pack("<Q", len(header)) + header + bytes(4)


TAKEN = [
    ("a.png", picture("PNG"), "image/png"), ("a.jpg", picture("JPEG"), "image/jpeg"),
    ("a.webp", picture("WEBP"), "image/webp"), ("a.gif", picture("GIF"), "image/gif"),
    ("a.tiff", picture("TIFF"), "image/tiff"), ("a.bmp", picture("BMP"), "image/bmp"),
    ("misnamed.png", picture("JPEG"), "image/jpeg"), ("a.exr", b"\x76\x2f\x31\x01\x02\0\0\0", "image/x-exr"),
    ("a.hdr", b"#?RADIANCE\n", "image/vnd.radiance"), ("a.safetensors", safetensors(), "application/vnd.safetensors"),
    ("a.npy", array([1.0]), "application/x-npy"), ("a.npz", archive(a__npy=array([1])), "application/zip"),
    ("a.parquet", b"PAR1....PAR1", "application/vnd.apache.parquet"),
    ("a.arrow", b"ARROW1\0\0....", "application/vnd.apache.arrow.file"), ("a.csv", "a,ü\n1,2\n".encode(), TEXT),
    ("a.cube", b"LUT_3D_SIZE 2\n", TEXT), ("a.json", b'{"a": 1}', "application/json"),
    ("a.wav", b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"), ("a.flac", b"fLaC\0\0", "audio/flac"),
    ("a.ogg", b"OggS\0\0", "audio/ogg"), ("a.mp3", b"ID3\x04\0\0", "audio/mpeg"),
    ("a.mp4", b"\0\0\0\x18ftypisom", "video/mp4"), ("a.mov", b"\0\0\0\x14ftypqt  ", "video/quicktime"),
    ("a.webm", b"\x1a\x45\xdf\xa3\x01", "video/webm"), ("a.dat", b"\0\1\2", "application/octet-stream"),
    ("", b"", "application/octet-stream"),
]  # fmt: skip

PNG = picture("PNG")
REFUSED = [
    ("a", b"\x7fELF\x02\x01", "program"), ("a", b"MZ" + bytes(62) + b"PE\0\0", "program"),
    ("a", b"\xcf\xfa\xed\xfe\x07", "program"), ("a.txt", b"#!/bin/sh\nrm", "script"),
    ("a.txt", b"\xef\xbb\xbf \n<HTML><script>", "scripts"), ("a", b"<svg onload=x>", "scripts"),
    ("a", "<!DOCTYPE html>".encode("utf-16"), "scripts"), ("a.png", b"<html>", "scripts"),
    ("a", pickle.dumps({"a": 1}), "safetensors"), ("a", pickle.dumps({"a": 1}, 0), "safetensors"),
    ("a", b"cposix\nsystem\np0\n(S'id'\ntR.", "safetensors"), ("a", array(None), "safetensors"),
    ("a", archive(**{"archive/data__pkl": b"x"}), "safetensors"),
    ("a", archive(inner=pickle.dumps([1])), "safetensors"), ("a.npz", archive(a__npy=array(None)), "safetensors"),
    ("model.ckpt", b"anything", "safetensors"), ("a.html", b"plain", "scripts"), ("A.EXE", b"plain", "program"),
    ("a.png", b"plain", "content is text/plain"), ("a.csv", PNG, "content is image/png"),
    ("a.safetensors", array([1]), "content is application/x-npy"), ("a.mp4", PNG, "content is image/png"),
    ("a.png", PNG[:20], "no such picture"), ("a.zip", b"PK\x03\x04broken", "no end"),
    ("a.zip", archive(**{f"m{n}": b"" for n in range(10_001)}), "members"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "media_type"), TAKEN, ids=[row[0] or "empty" for row in TAKEN])
async def test_the_content_says_what_an_upload_is(made: Bridge, name: str, content: bytes, media_type: str) -> None:
    response = await made.http.post("/api/file", files={"file": (name or "x", content, "application/octet-stream")})
    stored = response.json()
    assert (response.status_code, stored.get("media_type")) == (201, media_type), stored
    loaded = await made.http.get(stored["url"])
    assert loaded.content == content
    assert loaded.headers["content-type"] == media_type
    assert loaded.headers["x-content-type-options"] == "nosniff"
    assert loaded.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert loaded.headers["cross-origin-resource-policy"] == "same-origin"
    shown = media_type in ("image/png", "image/jpeg", "image/webp", "image/gif", "application/json")
    assert loaded.headers.get("content-disposition", "").startswith("attachment") is not shown


@pytest.mark.parametrize(("name", "content", "reason"), REFUSED, ids=[f"{row[0]} {row[2]}" for row in REFUSED])
async def test_what_may_do_harm_is_refused(made: Bridge, name: str, content: bytes, reason: str) -> None:
    response = await made.http.post("/api/file", files={"file": (name, content)})
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert error["code"] == "RQ-001"
    assert reason in error["message"]
    assert list(made.context.settings.file_dir.iterdir()) == []


@pytest.mark.parametrize("declared", ["text/html", "image/svg+xml; charset=x", "image/png", "Video/mp4"])
async def test_a_declared_type_that_the_content_contradicts_is_refused(made: Bridge, declared: str) -> None:
    response = await made.http.post("/api/file", files={"file": ("notes", b"plain text", declared)})
    assert response.status_code == 400
    assert declared.partition(";")[0].lower() in response.json()["error"]["message"]


async def test_the_type_of_another_part_is_not_the_files(made: Bridge) -> None:
    files: dict[str, Any] = {"other": (None, b"<p>", "text/html"), "file": ("a", b"x")}
    assert (await made.http.post("/api/file", files=files)).status_code == 201


async def test_a_picture_of_too_many_pixels_is_refused(made: Bridge) -> None:
    bomb = PNG.replace(struct.pack(">II", 2, 3), struct.pack(">II", 100_000, 100_000))
    # Its checksum too, or it would be refused for that.

    bomb = bomb[:29] + struct.pack(">I", zlib.crc32(bomb[12:29])) + bomb[33:]
    response = await made.http.post("/api/file", files={"file": ("a.png", bomb)})
    assert response.status_code == 400
    assert "pixels" in response.json()["error"]["message"]


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def never() -> AsyncIterator[bytes]:
    yield b"a"
    await asyncio.Event().wait()


def left(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.exists() else []


async def test_an_announced_length_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    files = Files(tmp_path, limit_bytes=10)
    with pytest.raises(RequestError) as caught:
        await files.save(never(), announced=1 << 20)
    assert caught.value.code == "RQ-005"


async def test_an_announced_length_goes_by_the_header(made: Bridge) -> None:
    made.context.control.files._limit_bytes = 100
    headers = {"content-type": "multipart/form-data; boundary=b", "content-length": "10000000"}
    response = await made.http.post("/api/file", content=never(), headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "RQ-005")


async def test_a_stream_that_stops_gives_its_place_up(tmp_path: Path) -> None:
    files = Files(tmp_path, limit_bytes=10, at_once=1, pace=Pace(idle_s=0.01))
    with pytest.raises(RequestError, match="nothing came"):
        await files.save(never())
    assert left(tmp_path) == []
    assert (await files.save(stream(b"x"))).size_bytes == 1


async def test_a_stream_that_drips_gives_its_place_up(tmp_path: Path) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield b"x"

    files = Files(tmp_path, limit_bytes=1 << 30, pace=Pace(least_bytes_s=1 << 40, grace_s=0.0))
    with pytest.raises(RequestError, match="slowly"):
        await files.save(dripping())
    assert left(tmp_path) == []


async def test_only_so_many_arrive_at_once(made: Bridge) -> None:
    made.context.control.files._at_once = 1
    first = asyncio.create_task(made.context.control.files.save(never()))
    while not left(made.context.settings.file_dir):
        await asyncio.sleep(0)
    refused = await made.http.post("/api/file", files={"file": ("a", b"x")})
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RQ-009")
    assert int(refused.headers["retry-after"]) > 0
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert left(made.context.settings.file_dir) == [], "an upload that was given up left its draft"
    assert (await made.http.post("/api/file", files={"file": ("a", b"x")})).status_code == 201


async def test_a_client_that_goes_away_leaves_no_draft(made: Bridge) -> None:
    folder = made.context.settings.file_dir
    async with served(made):
        _, writer = await asyncio.open_connection("127.0.0.1", made.port)
        head = f"POST /api/file HTTP/1.1\r\nHost: 127.0.0.1:{made.port}\r\nContent-Length: 1000000\r\n"
        part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        writer.write(head.encode() + b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" + part + bytes(1000))
        await writer.drain()
        while not left(folder):
            await asyncio.sleep(0)
        writer.close()
        async with asyncio.timeout(10):
            while left(folder):
                await asyncio.sleep(0)


async def test_a_full_disk_is_a_fault_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SystemFault, match="No space left") as caught:
        await Files(tmp_path, limit_bytes=100).save(stream(b"x"))
    assert caught.value.code == "SY-006"
    assert left(tmp_path) == []


async def test_some_of_the_disk_stays_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = [100, 100, 5]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": free.pop(0)}))
    files = Files(tmp_path, limit_bytes=1 << 30, floor_bytes=10)
    with pytest.raises(SystemFault, match="stay free"):
        await files.save(stream(b"x"), announced=95)
    with pytest.raises(SystemFault, match="stay free"):
        await files.save(stream(b"x"))
    assert left(tmp_path) == []


async def test_what_a_killed_bridge_left_half_written_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / ".draft-abc").write_bytes(b"half")
    (folder / ("0" * 64)).write_bytes(b"whole")
    async with bridge(tmp_path):
        assert left(folder) == ["0" * 64]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("out.bin", 'filename="out.bin"'),
        ('a"b;c.bin', "filename=\"a_b_c.bin\"; filename*=UTF-8''a%22b%3Bc.bin"),
        ("a\r\nSet-Cookie: x=1", 'filename="aSet-Cookie: x=1"'),
        ("größe.bin", "filename=\"gr__e.bin\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.bin"),
        ("../../etc/passwd", 'filename="passwd"'),
        ("..\\x.bin", 'filename="x.bin"'),
        ("a\u202egnp.exe", 'filename="agnp.exe"'),
        ("...", 'filename="file"'),
        ("x" * 300, f'filename="{"x" * 150}"'),
    ],
)
def test_names_of_downloads(name: str, expected: str) -> None:
    assert safe_headers("application/octet-stream", name)["Content-Disposition"] == f"attachment; {expected}"
    assert safe_headers("image/png", name)["Content-Disposition"] == f"inline; {expected}"


async def test_ranges_and_heads(made: Bridge) -> None:
    content = array(list(range(1000)))
    stored = (await made.http.post("/api/file", files={"file": ("a.npy", content)})).json()
    part = await made.http.get(stored["url"], headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(content)}"
    assert part.headers["x-content-type-options"] == "nosniff"
    head = await made.http.head(stored["url"])
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(content)))
    assert "sandbox" in head.headers["content-security-policy"]
    assert (await made.http.get(stored["url"], headers={"range": "bytes=99999999-"})).status_code == 416
    assert (await made.http.head("/api/file/" + "0" * 64)).status_code == 404


async def test_a_link_in_the_place_of_a_file_is_not_followed_out(tmp_path: Path) -> None:
    folder = tmp_path / "outputs"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link.png").symlink_to(tmp_path / "secret")
    with pytest.raises(RequestError) as caught:
        SafeFileResponse(folder / "link.png", folder, "image/png")
    assert caught.value.code == "RQ-008"
    with pytest.raises(RequestError) as caught:
        SafeFileResponse(folder / "gone.png", folder, "image/png")
    assert caught.value.code == "RQ-006"


async def test_what_is_sent_is_what_was_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"first")
    response = SafeFileResponse(tmp_path / "a", tmp_path, "text/plain")
    (tmp_path / "a").unlink()
    (tmp_path / "a").symlink_to("/etc/passwd")
    transport = httpx.ASGITransport(response)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        assert (await http.get("/")).content == b"first"
    assert response._file.closed
