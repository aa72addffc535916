"""HTTP as values: what a provider or the LivePerson client wants called, and what came back. No I/O here."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import urlencode

Result = TypeVar("Result")


_MIME_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file in a form. ``field`` is the form's name for it, ``name`` the file's own."""

    field: str
    name: str
    data: bytes
    mime_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """One HTTP request to make.

    ``effect`` says whether repeating it could be noticed (a message sent twice). A call with an effect whose answer was seen is never
    made again: on a retry the platform feeds its recorded answer. Calls without (asking for a token, an upload address) are repeated.
    ``purpose`` names the call in the attempt's row and the metrics: ``send_text``, ``upload``.
    ``timeout_s`` None takes the platform's default.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    purpose: str = "send"
    effect: bool = True
    timeout_s: float | None = None

    @classmethod
    def json(
        cls, method: str, url: str, payload: Any, *, headers: Mapping[str, str] | None = None, purpose: str = "send", effect: bool = True
    ) -> HttpCall:
        """A call with ``payload`` as a UTF-8 JSON body."""
        return cls(
            method=method,
            url=url,
            headers={"Content-Type": "application/json", **(headers or {})},
            body=json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"),
            purpose=purpose,
            effect=effect,
        )

    @classmethod
    def form(
        cls,
        method: str,
        url: str,
        fields: Mapping[str, str],
        *,
        headers: Mapping[str, str] | None = None,
        purpose: str = "send",
        effect: bool = True,
    ) -> HttpCall:
        """A call with ``fields`` as a form-encoded body."""
        return cls(
            method=method,
            url=url,
            headers={"Content-Type": "application/x-www-form-urlencoded", **(headers or {})},
            body=urlencode(fields, errors="replace").encode(),
            purpose=purpose,
            effect=effect,
        )

    @classmethod
    def multipart(
        cls,
        method: str,
        url: str,
        fields: Mapping[str, str],
        files: Iterable[Upload],
        *,
        headers: Mapping[str, str] | None = None,
        purpose: str = "upload",
        effect: bool = True,
    ) -> HttpCall:
        """A call with ``fields`` and ``files`` as a multipart/form-data body. Equal input gives equal bytes, so that a retry sends the same.

        Source: https://www.rfc-editor.org/rfc/rfc7578; names as browsers write them,
        https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data (checked 2026-11).
        """
        parts = [(f'name="{_quoted(name)}"', value.encode("utf-8", "replace")) for name, value in fields.items()]
        for file in files:
            mime_type = file.mime_type if _MIME_TYPE.fullmatch(file.mime_type) else "application/octet-stream"
            parts.append((f'name="{_quoted(file.field)}"; filename="{_quoted(file.name)}"\r\nContent-Type: {mime_type}', file.data))
        # A boundary that is made of everything between the boundaries cannot stand in it by chance.
        boundary = sha256(b"\0".join(data for _, data in parts)).hexdigest()
        chunks = []
        for head, data in parts:
            chunks += [f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode("utf-8", "replace"), data, b"\r\n"]
        return cls(
            method=method,
            url=url,
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}", **(headers or {})},
            body=b"".join((*chunks, f"--{boundary}--\r\n".encode())),
            purpose=purpose,
            effect=effect,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """What came back. Header names are lower-case; ``body`` is capped by the client."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON, or None where it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def retry_after_s(self) -> float | None:
        """``Retry-After`` in seconds where it is given as a number; None otherwise (dates are rare and clocks differ)."""
        value = self.headers.get("retry-after", "")
        try:
            seconds = float(value)
        except ValueError:
            return None
        return max(0.0, seconds) if math.isfinite(seconds) else None


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


Steps = Generator[HttpCall, HttpResponse, Result]
"""A conversation with the far side: yields the calls it needs, is sent their answers, returns its result.

The pattern of httpx's ``Auth.auth_flow``: pure, and tested by feeding it answers.
"""
