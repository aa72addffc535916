"""What else belongs to a Twilio account: its numbers, messaging services and WhatsApp senders with their callback addresses, the files, and
the typing indicator.

Source: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource, /docs/messaging/api/service-resource,
/docs/messaging/api/media-resource, /docs/whatsapp/api/typing-indicators-resource (2026-11).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.phones.twilio_forms import Json, TwilioError, read_json, refusal_body, refuse
from sandbox.phones.vendor import answer_with_faults

if TYPE_CHECKING:
    from sandbox.phones.twilio import Twilio, TwilioLine


class Account:
    """The resources of the accounts whose lines ``vendor`` knows."""

    def __init__(self, vendor: Twilio) -> None:
        self._vendor = vendor
        self._stored: dict[str, str] = {}  # by the secret in the address of a file in the storage

    def routes(self, account: str) -> list[web.RouteDef]:
        senders = "/twilio/v2/Channels/Senders"
        return [
            web.get(f"{account}.json", self._answered(self._account)),
            web.get(f"{account}/IncomingPhoneNumbers.json", self._answered(self._numbers)),
            web.post(account + "/IncomingPhoneNumbers/{sid}.json", self._answered(self._write_number)),
            web.get("/twilio/v1/Services/{sid}", self._answered(self._service)),
            web.post("/twilio/v1/Services/{sid}", self._answered(self._write_service)),
            web.get(senders, self._answered(self._senders)),
            web.post(senders + "/{sid}", self._answered(self._write_sender)),
            web.post("/twilio/v3/Indicators/Typing.json", self._answered(self._types, fault="twilio.typing")),
            web.get(account + "/Messages/{message}/Media/{media}", self._media),
            web.get("/twilio/storage/{key}", self._storage),
        ]

    def _answered(
        self, act: Callable[[list[TwilioLine], web.Request, Json], Json], fault: str = "twilio.api"
    ) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            raw = await request.read()
            form = dict(await request.post())

            async def effect() -> web.Response:
                try:
                    is_json = request.content_type == "application/json" and request.method == "POST"
                    return web.json_response(act(self._vendor.lines_of(request), request, read_json(raw) if is_json else form))
                except TwilioError as error:
                    self._vendor.refuses("", "", str(error), code=str(error.code), status=error.status)
                    return web.json_response(error.body(), status=error.status)

            return await answer_with_faults(self._vendor.kernel, fault, request, effect, refusal_body)

        return handle

    @staticmethod
    def _account(lines: list[TwilioLine], request: web.Request, given: Json) -> Json:
        return {"sid": lines[0].account_sid, "friendly_name": "Sandbox account", "status": "active", "auth_token": lines[0].auth_token}

    @staticmethod
    def _numbers(lines: list[TwilioLine], request: web.Request, given: Json) -> Json:
        wanted = request.query.get("PhoneNumber", "")
        found = [line for line in lines if not line.is_whatsapp and wanted in line.address]
        return {"incoming_phone_numbers": [_number(line) for line in found], "page": 0}

    def _write_number(self, lines: list[TwilioLine], request: web.Request, given: Json) -> Json:
        line = _one(request, [line for line in lines if line.sid("PN") == request.match_info["sid"]])
        line.callback_url = given.get("SmsUrl", line.callback_url)
        return _number(line)

    def _service(self, lines: list[TwilioLine], request: web.Request, given: Json) -> Json:
        line = _one(request, [line for line in lines if line.messaging_service_sid == request.match_info["sid"]])
        return {
            "sid": line.messaging_service_sid,
            "friendly_name": f"Pool of {line.address}",
            "inbound_request_url": line.callback_url or None,
            "use_inbound_webhook_on_number": False,
        }

    def _write_service(self, lines: list[TwilioLine], request: web.Request, given: Json) -> Json:
        for line in lines:
            if line.messaging_service_sid == request.match_info["sid"]:
                line.callback_url = given.get("InboundRequestUrl", line.callback_url)
        return self._service(lines, request, given)

    @staticmethod
    def _senders(lines: list[TwilioLine], request: web.Request, given: Json) -> Json:
        if request.query.get("Channel") != "whatsapp":
            raise TwilioError(20001, "Channel is required", status=400)
        return {"senders": [_sender(line) for line in lines if line.is_whatsapp], "meta": {"next_page_url": None}}

    def _write_sender(self, lines: list[TwilioLine], request: web.Request, given: Json) -> Json:
        line = _one(request, [line for line in lines if line.sid("XE") == request.match_info["sid"]])
        webhook = given.get("webhook")
        if isinstance(webhook, dict) and isinstance(webhook.get("callback_url"), str):
            line.callback_url = webhook["callback_url"]
        return _sender(line)

    def _types(self, lines: list[TwilioLine], request: web.Request, given: Json) -> Json:
        """Show typing to who wrote a message, which with all before it is then read.

        The words are ours; that an SID of our own is refused with 20422, and small letters in the channel, is what users report (2026-09).
        """
        sid = given.get("messageId")
        if given.get("channel") != "WHATSAPP":
            refuse(20422, "Invalid Parameter: channel must be WHATSAPP")
        if not isinstance(sid, str) or not re.fullmatch(r"(SM|MM)[0-9a-fA-F]{32}", sid):
            refuse(20422, "Invalid Parameter: messageId must match ^(SM|MM)[0-9a-fA-F]{32}$")
        addresses = {line.address for line in lines if line.is_whatsapp}
        for (address, _), phone in self._vendor.phones.items():
            message = phone.find(sid) if address in addresses else None
            if message is not None and message["direction"] == "out":
                seen = [m for m in phone.messages if m["direction"] == "out" and m["at_ms"] <= message["at_ms"] and m["status"] != "failed"]
                phone.mark(seen, "read")
                self._vendor.brand_types(phone, True)
                return {"success": True}
        refuse(20422, "Invalid Parameter: messageId is no message that a WhatsApp sender of this account received")

    # ---- files ---------------------------------------------------------------------------------------------------------------

    async def _media(self, request: web.Request) -> web.Response:
        """To who logs in: where the file is in the storage."""
        try:
            self._vendor.lines_of(request)
            if request.match_info["media"] not in self._vendor.files:
                raise TwilioError(20404, f"The requested resource {request.path} was not found", status=404)
        except TwilioError as error:
            return web.json_response(error.body(), status=error.status)
        key = secrets.token_urlsafe(16)
        self._stored[key] = self._vendor.files[request.match_info["media"]]
        return web.Response(status=307, headers={"Location": f"{self._vendor.kernel.base_url}/twilio/storage/{key}"})

    async def _storage(self, request: web.Request) -> web.Response:
        """The bytes, to whoever has the address; a log-in beside it is refused, as by the storage that Twilio uses."""
        url = self._stored.get(request.match_info["key"], "")
        if "Authorization" in request.headers:
            self._vendor.kernel.ledger.record("phone.refused", provider="twilio", reason="credentials were shown to the storage")
            return web.Response(status=400, text="Only one auth mechanism allowed")
        if not url:
            return web.Response(status=403)
        async with self._vendor.courier.session.get(url) as answer:
            return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)


def _one(request: web.Request, found: list[TwilioLine]) -> TwilioLine:
    if not found:
        raise TwilioError(20404, f"The requested resource {request.path} was not found", status=404)
    return found[0]


def _number(line: TwilioLine) -> Json:
    return {"sid": line.sid("PN"), "phone_number": line.address, "sms_url": line.callback_url, "sms_method": "POST"}


def _sender(line: TwilioLine) -> Json:
    webhook = {"callback_url": line.callback_url, "callback_method": "POST", "fallback_url": None, "status_callback_url": None}
    return {"sid": line.sid("XE"), "sender_id": line.address, "status": "ONLINE", "webhook": webhook}
