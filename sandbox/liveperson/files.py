"""LivePerson's file storage (service ``swift``): files behind URLs that are signed and live one minute.

Source: https://developers.liveperson.com/connector-api-send-api-file-sharing.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from sandbox.liveperson.state import LivePersonState

MAX_FILE_BYTES = 3 * 1024 * 1024
UPLOAD_TYPES = ("JPG", "JPEG", "PNG", "GIF")  # what consumers of every account may upload; an account may allow more
FILE_TYPE = re.compile(r"[A-Z0-9]{2,5}")
CONTAINER = "/v1/AUTH_async-images"

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, PUT, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*",
}

CONTENT_TYPES = {
    "JPG": "image/jpeg",
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "PDF": "application/pdf",
    "TXT": "text/plain",
    "CSV": "text/csv",
    "DOC": "application/msword",
    "DOCX": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "XLS": "application/vnd.ms-excel",
    "XLSX": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "PPTX": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "ZIP": "application/zip",
    "WEBP": "image/webp",
    "MP3": "audio/mpeg",
    "M4A": "audio/mp4",
    "OGG": "audio/ogg",
    "WAV": "audio/wav",
    "MP4": "video/mp4",
    "MOV": "video/quicktime",
}


def file_types(given: list[Any]) -> list[str]:
    """The further types that an account allows its consumers, without those that every account allows.

    Raises:
        ValueError: one of them is no upper-case word such as PDF.
    """
    wrong = [each for each in given if not isinstance(each, str) or not FILE_TYPE.fullmatch(each)]
    if wrong:
        raise ValueError(f"a file type must be an upper-case word such as PDF, not {wrong[0]!r}")
    return [each for each in dict.fromkeys(given) if each not in UPLOAD_TYPES]


@dataclass
class StoredFile:
    data: bytes
    content_type: str


class Files:
    """The stored files by relative path, and the signatures of their URLs."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._files: dict[str, StoredFile] = {}
        self.url_lifetime_s = 60

    def clear(self) -> None:
        self._files.clear()

    def new_path(self, account_id: str, owner_id: str, file_type: str) -> str:
        """A path, with a leading slash, that no file has."""
        now = time.time()
        stamp = time.strftime("%d-%m-%Y_%H-%M-%S", time.gmtime(now)) + f"-{int(now * 1000) % 1000:03d}"
        return f"{CONTAINER}/{account_id}/{owner_id}_uuid_{uuid.uuid4()}_{stamp}.{file_type}"

    def signed(self, method: str, path: str) -> dict[str, Any]:
        """The answer of ``ms.GenerateURLFor...``: where to send ``method``, for the next minute."""
        expires = str(int(time.time()) + self.url_lifetime_s)
        return {"relativePath": path, "queryParams": {"temp_url_sig": self._sign(method, path, expires), "temp_url_expires": expires}}

    def refusal(self, method: str, path: str, signature: str, expires: str) -> str | None:
        """Why the URL does not allow ``method``; None if it does."""
        if not hmac.compare_digest(signature.encode(), self._sign(method, path, expires).encode()):
            return "temp_url_sig does not fit the method, the path and temp_url_expires"
        return "the URL has expired" if int(expires) <= time.time() else None

    def put(self, path: str, data: bytes, content_type: str) -> None:
        self._files[path] = StoredFile(data, content_type)

    def get(self, path: str) -> StoredFile | None:
        return self._files.get(path)

    def _sign(self, method: str, path: str, expires: str) -> str:
        return hmac.new(self._secret, f"{method}\n{expires}\n{path}".encode(), hashlib.sha1).hexdigest()


class FileRoutes:
    """``PUT`` and ``GET`` of signed URLs, and the preflight that a browser sends first."""

    def __init__(self, state: LivePersonState) -> None:
        self.state = state

    async def preflight(self, request: web.Request) -> web.Response:
        return web.Response(status=200, headers=CORS)

    async def upload(self, request: web.Request) -> web.Response:
        """201 stored, 401 URL invalid or expired, 413 over 3 MB."""
        refused = self._refused(request, "PUT")
        if refused:
            return refused
        data = await request.read()
        if len(data) > MAX_FILE_BYTES:
            return self._refuse(request, 413, f"{len(data)} bytes are over the limit of {MAX_FILE_BYTES}")
        self.state.files.put(request.path, data, request.content_type)
        return web.Response(status=201, headers=CORS)

    async def download(self, request: web.Request) -> web.Response:
        """200 with the bytes, 401 URL invalid or expired, 404 nothing was uploaded there."""
        refused = self._refused(request, "GET")
        if refused:
            return refused
        stored = self.state.files.get(request.path)
        if stored is None:
            return self._refuse(request, 404, "no file was uploaded to this path")
        return web.Response(body=stored.data, content_type=stored.content_type, headers=CORS)

    def _refused(self, request: web.Request, method: str) -> web.Response | None:
        query = request.query
        why = self.state.files.refusal(method, request.path, query.get("temp_url_sig", ""), query.get("temp_url_expires", ""))
        return self._refuse(request, 401, f"401 Unauthorized: {why}") if why else None

    def _refuse(self, request: web.Request, status: int, reason: str) -> web.Response:
        self.state.kernel.ledger.record("liveperson.refused", call="files", status=status, reason=reason, path=request.path)
        return web.Response(status=status, text=reason, headers=CORS)
