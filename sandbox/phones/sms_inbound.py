"""How an SMS gateway calls the platform: the form of the call, and the proof that it is the gateway.

Most gateways sign nothing; what a line uses is part of its registration.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from sandbox.phones.callbacks import Wire
from sandbox.phones.fields import Fields

ALGORITHMS = ("sha256", "sha1", "sha512")


@dataclass(frozen=True)
class InboundAuth:
    """The proof beside each call; ``kind`` says which of the fields count."""

    kind: str = "none"  # none, hmac, basic, bearer, header, query
    name: str = ""  # of the header or of the query parameter
    secret: str = ""  # the key of an hmac; else the token, value or password itself
    username: str = ""
    algorithm: str = "sha256"
    encoding: str = "hex"  # hex or base64
    prefix: str = ""
    timestamp_header: str = ""  # its value, and a full stop, are signed before the body

    @classmethod
    def read(cls, body: dict[str, Any]) -> InboundAuth:
        """The ``inbound_auth`` of a line.

        Raises:
            ValueError: a field is missing, unknown or of the wrong form.
        """
        fields = Fields(body, "inbound_auth")
        kind = fields.one_of("kind", ("none", "hmac", "basic", "bearer", "header", "query"))
        match kind:
            case "hmac":
                auth = cls(
                    kind,
                    name=fields.need("header", str),
                    secret=fields.need("secret", str),
                    algorithm=fields.one_of("algorithm", ALGORITHMS),
                    encoding=fields.one_of("encoding", ("hex", "base64")),
                    prefix=fields.get("prefix", ""),
                    timestamp_header=fields.get("timestamp_header", ""),
                )
            case "basic":
                auth = cls(kind, username=fields.need("username", str), secret=fields.need("password", str))
            case "bearer":
                auth = cls(kind, secret=fields.need("token", str))
            case "header":
                auth = cls(kind, name=fields.need("header", str), secret=fields.need("value", str))
            case "query":
                auth = cls(kind, name=fields.need("name", str), secret=fields.need("value", str))
            case _:
                auth = cls()
        fields.done()
        return auth

    def headers(self, body: bytes, now_s: int) -> dict[str, str]:
        """The headers that prove a call with this body at this time."""
        match self.kind:
            case "hmac":
                stamp = {self.timestamp_header: str(now_s)} if self.timestamp_header else {}
                return {self.name: self.signature(body, now_s), **stamp}
            case "basic":
                credentials = base64.b64encode(f"{self.username}:{self.secret}".encode()).decode()
                return {"Authorization": f"Basic {credentials}"}
            case "bearer":
                return {"Authorization": f"Bearer {self.secret}"}
            case "header":
                return {self.name: self.secret}
            case _:
                return {}

    def signature(self, body: bytes, now_s: int) -> str:
        signed = f"{now_s}.".encode() + body if self.timestamp_header else body
        digest = hmac.new(self.secret.encode(), signed, self.algorithm).digest()
        return self.prefix + (digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode())


def wire(method: str, body_format: str, url: str, fields: dict[str, str], auth: InboundAuth) -> Wire:
    """The call that carries ``fields`` to ``url`` as form, JSON or query, with its proof, signed at this moment."""
    query = {auth.name: auth.secret} if auth.kind == "query" else {}
    headers, body = {"User-Agent": "sms-gateway/1.0"}, b""
    match body_format:
        case "form":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(fields).encode()
        case "json":
            headers["Content-Type"] = "application/json"
            body = json.dumps(fields, ensure_ascii=False).encode()
        case _:
            query = {**query, **fields}
    if query:
        parts = urlsplit(url)
        url = urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(query))))))
    headers.update(auth.headers(body, int(time.time())))
    return Wire(method, url, headers, body)
