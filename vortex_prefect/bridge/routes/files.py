"""Files that a browser uploads as inputs."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from fastapi import APIRouter, Request, Response

from vortex_prefect.bridge.answers import FileResource
from vortex_prefect.bridge.conditional import not_modified, tagged
from vortex_prefect.bridge.context import ActorOf, Context
from vortex_prefect.bridge.description import gives, refuses
from vortex_prefect.bridge.multipart import FileUpload
from vortex_prefect.bridge.rendering import JsonAnswer
from vortex_prefect.bridge.routes.executions import served
from vortex_prefect.files.content import HEAD_BYTES, media_type_of
from vortex_prefect.service.outputs import Content

router = APIRouter(prefix="/api/file", tags=["files"])

_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
}

_FOR_EVER = "private, max-age=31536000, immutable"


@router.post(
    "",
    status_code=201,
    responses=gives(201, FileResource, "Location"),
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}
    | refuses("RQ-005"),
)
async def upload_file(request: Request, context: Context, actor: ActorOf) -> Response:
    """Store a file under its SHA-256; the same content again is the same file."""
    upload = FileUpload(request.headers.get("content-type", ""))
    chunks = upload.chunks(request.stream())
    stored = await context.control.files.save(
        chunks, lambda: (upload.filename or "", upload.media_type), _announced(request)
    )
    await context.control.audit.uploaded(stored.sha256, upload.filename, stored.size_bytes, actor)
    return JsonAnswer(
        {
            "sha256": stored.sha256,
            "size_bytes": stored.size_bytes,
            "name": upload.filename,
            "media_type": stored.media_type,
            "path": str(stored.path),
            "url": f"/api/file/{stored.sha256}",
        },
        201,
        {"Location": f"/api/file/{stored.sha256}"},
    )


@router.get(
    "/{sha256}",
    response_class=Response,
    responses=gives(
        200,
        None,
        *("ETag", "Cache-Control", "X-Content-Type-Options", "Content-Disposition"),
        media=("image/png", "image/jpeg", "image/gif", "image/webp", "application/octet-stream"),
    ),
    openapi_extra=refuses("RQ-002"),
)
async def get_file(sha256: str, request: Request, context: Context) -> Response:
    """The content of an uploaded file."""
    path = await context.control.files.find(sha256)
    if (unchanged := not_modified(request, f'"{sha256}"', _FOR_EVER)) is not None:
        return unchanged
    response = served(Content(await asyncio.to_thread(_media_type, path), path, path.parent))
    return tagged(response, f'"{sha256}"', _FOR_EVER)


def _media_type(path: Path) -> str:
    with path.open("rb") as file:
        return media_type_of(file.read(HEAD_BYTES), os.fstat(file.fileno()).st_size)


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() else 0
