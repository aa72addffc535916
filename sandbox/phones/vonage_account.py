"""Vonage's Application and Numbers APIs, as far as setting up messages takes them. What a PUT or update leaves out is lost, as at Vonage.

Source: https://developer.vonage.com/en/api/application.v2 and https://developer.vonage.com/en/api/numbers (checked 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.phones.vonage_forms import Json, Problem, invalid

if TYPE_CHECKING:
    from sandbox.phones.vonage import Vonage
    from sandbox.phones.vonage_line import VonageLine

Handler = Callable[[web.Request], Awaitable[web.Response]]


class AccountApi:
    """The calls that an account makes about itself."""

    def __init__(self, vonage: Vonage) -> None:
        self._vonage = vonage

    def routes(self) -> list[web.RouteDef]:
        application = "/vonage/v2/applications/{application}"
        return [
            web.get(application, _answered(self._get_application)),
            web.put(application, _answered(self._put_application)),
            web.get("/vonage/account/numbers", _answered(self._numbers)),
            web.post("/vonage/number/update", _answered(self._update_number)),
        ]

    def _lines(self, request: web.Request) -> list[VonageLine]:
        lines = [line for line in self._vonage.of_account(request) if line.application_id == request.match_info["application"]]
        if not lines:
            raise Problem(404, "#not-found", "Not found", "The requested resource does not exist.")
        return lines

    async def _get_application(self, request: web.Request) -> web.Response:
        return web.json_response(_application(self._lines(request)[0]))

    async def _put_application(self, request: web.Request) -> web.Response:
        lines = self._lines(request)
        try:
            body = json.loads(await request.read())
        except ValueError as error:
            raise invalid("body", "the body is not valid JSON") from error
        if not isinstance(body, dict) or not isinstance(body.get("name"), str) or not body["name"]:
            raise invalid("name", "`name` is required")
        capabilities = body.get("capabilities") or {}
        webhooks = (capabilities.get("messages") or {}).get("webhooks") or {}
        for name, webhook in webhooks.items():
            if name not in ("inbound_url", "status_url") or webhook.get("http_method") != "POST" or not webhook.get("address"):
                raise invalid(name, f"`{name}` needs an address and http_method POST")
        for line in lines:
            line.inbound_url = webhooks.get("inbound_url", {}).get("address", "")
            line.status_url = webhooks.get("status_url", {}).get("address", "")
            line.kept = {"name": body["name"], "capabilities": capabilities, "privacy": body.get("privacy") or {}}
        return web.json_response(_application(lines[0]))

    async def _numbers(self, request: web.Request) -> web.Response:
        pattern = request.query.get("pattern", "")
        found = [_number(line) for line in self._vonage.of_account(request) if not line.kind and pattern in line.address]
        return web.json_response({"count": len(found), "numbers": found} if found else {})

    async def _update_number(self, request: web.Request) -> web.Response:
        fields = {name: str(value) for name, value in (await request.post()).items()}
        lines = {line.address: line for line in self._vonage.of_account(request)}
        line = lines.get(fields.get("msisdn", ""))
        if line is None or fields.get("country") != line.country:
            return web.json_response({"error-code": "420", "error-code-label": "method failed"}, status=420)
        line.kept["app_id"] = fields.get("app_id", "")
        if line.api == "sms":
            line.inbound_url = fields.get("moHttpUrl", "")
        return web.json_response({"error-code": "200", "error-code-label": "success"})


def _application(line: VonageLine) -> Json:
    urls = {"inbound_url": line.inbound_url, "status_url": line.status_url}
    webhooks = {name: {"address": url, "http_method": "POST"} for name, url in urls.items() if url}
    capabilities: Json = line.kept.get("capabilities", {})
    messages = {"version": "v1", "authenticate_inbound_media": line.secure_media, **capabilities.get("messages", {}), "webhooks": webhooks}
    return {
        "id": line.application_id,
        "name": line.kept.get("name", line.name),
        "keys": {"public_key": line.public_key},
        "privacy": line.kept.get("privacy", {"improve_ai": False}),
        "capabilities": {**capabilities, "messages": messages},
    }


def _number(line: VonageLine) -> Json:
    shown: dict[str, Any] = {"country": line.country, "msisdn": line.address, "type": "mobile-lvn", "features": ["SMS"]}
    if line.api == "sms" and line.inbound_url:
        shown["moHttpUrl"] = line.inbound_url
    application_id = line.kept.get("app_id", line.application_id)
    return {**shown, "app_id": application_id} if application_id else shown


def _answered(handler: Handler) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except Problem as problem:
            return problem.answer()

    return answer
