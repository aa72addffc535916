"""Plivo's API as far as messages take it: sending, and the account's numbers, powerpacks and applications.

Source: https://www.plivo.com/docs/messaging/api (known) and plivo-python 4.63.0 (read 2026-11).
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import secrets
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.phones.gsm7 import segments
from sandbox.phones.vendor import answer_with_faults

if TYPE_CHECKING:
    from sandbox.phones.plivo import Plivo, PlivoLine

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.Response]]

MAX_SEPTETS, MAX_UNITS = 1600, 737
MAX_MEDIA = 10
SEND_FIELDS = {"src", "dst", "powerpack_uuid", "text", "type", "url", "method", "media_urls", "log", "trackable", "message_expiry"}
APPLICATION_FIELDS = {
    *("app_name", "message_url", "message_method", "answer_url", "answer_method", "hangup_url", "hangup_method"),
    *("fallback_answer_url", "fallback_method"),
}
APPLICATION_FLAGS = {"default_number_app", "default_endpoint_app", "log_incoming_messages", "public_uri"}


class PlivoError(Exception):
    """A refusal: the HTTP status and the sentence."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status

    def answer(self) -> web.Response:
        return web.Response(status=self.status, text=refusal_body(self.status, str(self)), content_type="application/json")


def refusal_body(status: int, error: str = "") -> str:
    """Plivo's answer to what it refuses; without ``error`` in the words that go with the status."""
    words = {401: "authentication failed", 402: "insufficient credit", 429: "Too many requests", 500: "Internal server error"}
    return json.dumps({"api_id": str(uuid.uuid4()), "error": error or words.get(status, "Bad request")})


@dataclass(frozen=True)
class Outgoing:
    """A message of the brand that may be sent; ``urls`` is empty for an SMS."""

    to: str
    text: str
    urls: tuple[str, ...]
    status_url: str


def read_message(raw: bytes) -> tuple[Json, Outgoing]:
    """The fields in the body of a send call, and the message.

    Raises:
        PlivoError: it breaks a rule.
    """
    try:
        fields = json.loads(raw)
    except ValueError as error:
        raise PlivoError(400, "request body is not valid JSON") from error
    if not isinstance(fields, dict):
        raise PlivoError(400, "request body is not a JSON object")
    if unknown := sorted(set(fields) - SEND_FIELDS):
        raise PlivoError(400, f"{unknown[0]} parameter is not known")
    if bool(fields.get("src")) == bool(fields.get("powerpack_uuid")):
        raise PlivoError(400, "specify either powerpack_uuid or src")
    to, kind, text = fields.get("dst"), fields.get("type", "sms"), fields.get("text", "")
    if not isinstance(to, str) or not re.fullmatch(r"\d{1,15}", to):
        raise PlivoError(400, "dst parameter is not valid")
    if kind not in ("sms", "mms"):
        raise PlivoError(400, "type parameter is not valid")
    urls = fields.get("media_urls", [])
    if not isinstance(urls, list) or len(urls) > MAX_MEDIA or not all(_is_web(url) for url in urls) or bool(urls) != (kind == "mms"):
        raise PlivoError(400, "media_urls parameter is not valid")
    if not isinstance(text, str) or not (text.strip() or urls):
        raise PlivoError(400, "text parameter not present")
    size = segments(text)
    if size.units > (MAX_SEPTETS if size.encoding == "GSM-7" else MAX_UNITS):
        raise PlivoError(400, "text exceeds the maximum length")
    status_url = fields.get("url", "")
    if status_url and (not _is_web(status_url) or fields.get("method", "POST") != "POST"):
        raise PlivoError(400, "url parameter is not valid")
    return fields, Outgoing(to, text, tuple(urls), status_url)


def _is_web(value: Any) -> bool:
    return isinstance(value, str) and urlsplit(value).scheme in ("http", "https") and bool(urlsplit(value).hostname)


class Api:
    """The calls of a brand's platform."""

    def __init__(self, plivo: Plivo) -> None:
        self._plivo = plivo
        self._ids = itertools.count(20372631212782780)
        self.applications: dict[str, Json] = {}

    def routes(self) -> list[web.RouteDef]:
        account = "/plivo/v1/Account/{auth_id}/"
        return [
            web.post(account + "Message/", self._send),
            web.get(account, _answered(self._account)),
            web.get(account + "Number/{number}/", _answered(self._get_number)),
            web.post(account + "Number/{number}/", _answered(self._link_number)),
            web.get(account + "Powerpack/{uuid}/", _answered(self._get_powerpack)),
            web.post(account + "Powerpack/{uuid}/", _answered(self._link_powerpack)),
            web.get(account + "Application/", _answered(self._list_applications)),
            web.post(account + "Application/", _answered(self._make_application)),
            web.get(account + "Application/{app}/", _answered(self._get_application)),
            web.post(account + "Application/{app}/", _answered(self._change_application)),
            web.get("/plivo/media/{media}", _answered(self._download)),
        ]

    def make_application(self, auth_id: str, fields: Json) -> str:
        """Add an application; its id."""
        app_id = str(next(self._ids))
        self.applications[app_id] = {"auth_id": auth_id, "message_url": "", **fields}
        return app_id

    def lines_of(self, request: web.Request) -> list[PlivoLine]:
        """The lines of the account that logs in.

        Raises:
            PlivoError: it does not, or asks for another account's.
        """
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        try:
            auth_id, _, token = base64.b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:
            raise PlivoError(401, "authentication failed") from None
        found = [line for line in self._plivo.lines.values() if (line.auth_id, line.auth_token) == (auth_id, token)]
        if scheme != "Basic" or not found or request.match_info.get("auth_id", auth_id) != auth_id:
            raise PlivoError(401, "authentication failed")
        return found

    async def _send(self, request: web.Request) -> web.Response:
        raw = await request.read()

        async def effect() -> web.Response:
            sender = to = ""
            try:
                lines = self.lines_of(request)
                fields, outgoing = read_message(raw)
                sender, to = fields.get("src") or fields["powerpack_uuid"], outgoing.to
                line = next((line for line in lines if sender in (line.powerpack_uuid or line.address,)), None)
                if line is None:
                    raise PlivoError(
                        400, "src parameter is not valid" if fields.get("src") else "powerpack_uuid is not valid: powerpack not found"
                    )
                if outgoing.urls and not line.mms:
                    raise PlivoError(400, "src does not support mms")
            except PlivoError as error:
                self._plivo.refuses(sender, to, str(error), status=error.status)
                return error.answer()
            answer: Json = {"api_id": str(uuid.uuid4()), "message": "message(s) queued"}
            if len(to) < 7:
                self._plivo.refuses(line.address, to, "invalid number")
                return web.json_response({**answer, "message_uuid": [], "invalid_number": [to]}, status=202)
            return web.json_response({**answer, "message_uuid": [self._plivo.accept(line, outgoing)]}, status=202)

        return await answer_with_faults(self._plivo.kernel, "plivo.send", request, effect, refusal_body)

    async def _account(self, request: web.Request) -> web.Response:
        line = self.lines_of(request)[0]
        return _json({"auth_id": line.auth_id, "name": line.name, "account_type": "standard", "cash_credits": "17.42"})

    def _numbered(self, request: web.Request) -> PlivoLine:
        for line in self.lines_of(request):
            if line.address == request.match_info["number"] and not line.powerpack_uuid:
                return line
        raise PlivoError(404, "not found")

    def _pack(self, request: web.Request) -> PlivoLine:
        for line in self.lines_of(request):
            if line.powerpack_uuid == request.match_info["uuid"]:
                return line
        raise PlivoError(404, "not found")

    async def _get_number(self, request: web.Request) -> web.Response:
        line = self._numbered(request)
        application = f"/v1/Account/{line.auth_id}/Application/{line.app_id}/" if line.app_id else None
        return _json({"number": line.address, "sms_enabled": True, "mms_enabled": line.mms, "application": application})

    async def _link_number(self, request: web.Request) -> web.Response:
        line = self._numbered(request)
        line.app_id = self._known(line.auth_id, (await _body(request)).get("app_id", ""))
        return _json({"message": "changed"}, status=202)

    async def _get_powerpack(self, request: web.Request) -> web.Response:
        line = self._pack(request)
        return _json(
            {
                "uuid": line.powerpack_uuid,
                "name": line.name,
                "application_type": "XML" if line.app_id else "",
                "application_id": line.app_id,
            }
        )

    async def _link_powerpack(self, request: web.Request) -> web.Response:
        line, body = self._pack(request), await _body(request)
        if body.get("application_type") != "xml":
            raise PlivoError(400, "application_type is not valid")
        line.app_id = self._known(line.auth_id, body.get("application_id", ""))
        return _json({"message": "changed"})

    def _known(self, auth_id: str, app_id: str) -> str:
        if self.applications.get(app_id, {}).get("auth_id") != auth_id:
            raise PlivoError(400, "app_id is not valid")
        return app_id

    async def _list_applications(self, request: web.Request) -> web.Response:
        auth_id, name = self.lines_of(request)[0].auth_id, request.query.get("app_name", "")
        found = [self._shown(app_id) for app_id, app in self.applications.items() if app["auth_id"] == auth_id and name in app["app_name"]]
        return _json({"meta": {"limit": 20, "offset": 0, "total_count": len(found)}, "objects": found[:20]})

    async def _make_application(self, request: web.Request) -> web.Response:
        auth_id, body = self.lines_of(request)[0].auth_id, await _application_body(request)
        if not re.fullmatch(r"[\w -]{1,60}", body.get("app_name", "")):
            raise PlivoError(400, "app_name is not valid")
        return _json({"message": "created", "app_id": self.make_application(auth_id, body)}, status=201)

    async def _get_application(self, request: web.Request) -> web.Response:
        return _json(self._shown(self._asked(request)))

    async def _change_application(self, request: web.Request) -> web.Response:
        self.applications[self._asked(request)].update(await _application_body(request))
        return _json({"message": "changed"}, status=202)

    def _asked(self, request: web.Request) -> str:
        auth_id, app_id = self.lines_of(request)[0].auth_id, request.match_info["app"]
        if self.applications.get(app_id, {}).get("auth_id") != auth_id:
            raise PlivoError(404, "not found")
        return app_id

    def _shown(self, app_id: str) -> Json:
        return {"app_id": app_id, **{name: value for name, value in self.applications[app_id].items() if name != "auth_id"}}

    async def _download(self, request: web.Request) -> web.Response:
        """Where the bytes of a consumer's file lie; with ``protects_media`` only for the account's log-in."""
        line, url = self._plivo.media.get(request.match_info["media"], (None, ""))
        if line is None:
            raise PlivoError(404, "not found")
        if line.protects_media and line not in self.lines_of(request):
            raise PlivoError(401, "authentication failed")
        raise web.HTTPTemporaryRedirect(url)


def _json(body: Json, status: int = 200) -> web.Response:
    return web.json_response({"api_id": secrets.token_hex(16), **body}, status=status)


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise PlivoError(400, "request body is not valid JSON") from error
    if not isinstance(body, dict):
        raise PlivoError(400, "request body is not a JSON object")
    for name, value in body.items():
        if not isinstance(value, bool if name in APPLICATION_FLAGS else str):
            raise PlivoError(400, f"{name} is not valid")
    return body


async def _application_body(request: web.Request) -> Json:
    body = await _body(request)
    if unknown := sorted(set(body) - APPLICATION_FIELDS - APPLICATION_FLAGS):
        raise PlivoError(400, f"{unknown[0]} is not known")
    if body.get("message_url") and not _is_web(body["message_url"]):
        raise PlivoError(400, "message_url is not valid")
    return body


def _answered(handler: Handler) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except PlivoError as error:
            return error.answer()

    return answer
