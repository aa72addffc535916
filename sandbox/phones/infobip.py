"""Infobip: SMS and MMS over one account's API, inbound messages and delivery reports. ``infobip_account`` keeps the subscriptions,
``infobip_messages`` reads what is sent.

Source: the models of infobip-api-python-client 6.0.0 (SMS), Infobip's OpenAPI 3.210.0 (MMS),
https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes, read 2026-11.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.kernel import Kernel
from sandbox.phones.base import Acted, Capabilities, Refused, Reported, Simulator
from sandbox.phones.callbacks import Callback, Courier, Part
from sandbox.phones.fields import Fields
from sandbox.phones.gsm7 import segments
from sandbox.phones.infobip_account import Account, ApiError, Json, refusal_body
from sandbox.phones.infobip_messages import (
    ABSENT,
    MAX_BYTES,
    MAX_MMS_TEXT,
    MAX_PARTS,
    NO_ERROR,
    STATUSES,
    STOPPED,
    Outgoing,
    Strict,
    instant,
    read_json,
    status,
)
from sandbox.phones.sms_inbound import InboundAuth, wire
from sandbox.phones.state import Line, Message, Phone
from sandbox.phones.vendor import answer_with_faults

MEDIA_TYPES = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/amr", "file": "application/pdf"}


@dataclass(kw_only=True)
class InfobipLine(Line):
    """A number of an account. Without ``callback_url`` only a subscription tells the platform anything."""

    api_key: str
    callback_url: str
    inbound_auth: InboundAuth
    mms: bool

    @property
    def digits(self) -> str:
        """The number as Infobip writes it."""
        return self.address.removeprefix("+")

    def public(self) -> Json:
        return {**super().public(), "callback_url": self.callback_url, "inbound_auth": {"kind": self.inbound_auth.kind}, "mms": self.mms}


class Infobip(Simulator[InfobipLine]):
    slug = "infobip"
    title = "Infobip SMS"
    look = "sms"
    consumer_example = "+31612345678"
    capabilities: ClassVar[Capabilities] = Capabilities(delivered_receipts=True, images=True)

    def __init__(self, kernel: Kernel, courier: Courier) -> None:
        super().__init__(kernel, courier)
        self._accounts: dict[str, Account] = {}  # by API key
        self._files: dict[str, str] = {}  # path at Infobip -> where the bytes are
        self._gathered: list[tuple[InfobipLine, Part, Json]] | None = None  # a batch that is being put together

    # ---- lines and people ----------------------------------------------------------------------------------------------------

    def read_line(self, address: str, body: Json) -> InfobipLine:
        fields = Fields(body, "an Infobip line")
        line = InfobipLine(
            provider=self.slug,
            address=address,
            name=fields.get("name", address),
            auto_delivered=fields.get("auto_delivered", True),
            api_key=fields.need("api_key", str),
            callback_url=fields.get("callback_url", ""),
            inbound_auth=InboundAuth.read(fields.get("inbound_auth", dict[str, Any]())),
            mms=fields.get("mms", False),
        )
        fields.done()
        if line.inbound_auth.kind not in ("none", "basic", "hmac"):
            raise ValueError("Infobip's security settings are basic or hmac; a token stands in the callback_url")
        return line

    def canonical(self, consumer_id: str) -> str:
        """International numbers with a plus, however they came; short codes and names as they are."""
        digits = re.sub(r"[\s()+.-]", "", consumer_id)
        return f"+{digits}" if re.fullmatch(r"[1-9]\d{6,14}", digits) else consumer_id.strip()

    def new_id(self) -> str:
        return str(uuid.uuid4().int)[:18]

    def forget_phones(self) -> None:
        super().forget_phones()
        self._files.clear()

    def writes(self, line: InfobipLine, consumer_id: str, kind: str, text: str, message_id: str = "", **fields: Any) -> Acted:
        if kind != "text" and not line.mms:
            raise Refused(f"{line.address} is not enabled for MMS")
        if kind == "text":
            fields["segments"] = asdict(segments(text))
        return super().writes(line, consumer_id, kind, text, message_id, **fields)

    # ---- towards the platform ------------------------------------------------------------------------------------------------

    def report_message(self, line: InfobipLine, phone: Phone, message: Message) -> Reported:
        result: Json = {
            "messageId": message["id"],
            "from": phone.consumer_id.removeprefix("+"),
            "to": line.digits,
            "receivedAt": instant(message["at_ms"]),
            "price": {"pricePerMessage": 0, "currency": "EUR"},
        }
        if message["type"] == "text":
            result |= {"text": message["text"], "cleanText": message["text"], "keyword": "", "smsCount": message["segments"]["count"]}
        else:
            result["message"] = self._parts_of(message)
        part = self.part(phone, message)
        if self._gathered is not None:
            self._gathered.append((line, part, result))
            return []
        return self._tell(line, "MMS" if "message" in result else "SMS", "INBOUND_MESSAGE", [(part, result)])

    def _parts_of(self, message: Message) -> list[Json]:
        name = urlsplit(message["url"]).path.rpartition("/")[2] or "file"
        path = f"/mms/1/inbound/{message['id']}/{name}"
        self._files[path] = message["url"]
        parts: list[Json] = [{"contentType": "application/smil", "value": "<smil><body><par/></body></smil>"}]
        if message["text"]:
            parts.append({"contentType": "text/plain", "value": message["text"]})
        own = f"{self.kernel.base_url}/infobip{path}"
        return [*parts, {"contentType": MEDIA_TYPES[message["media_type"]], "url": own}]

    def batch(self, messages: list[tuple[InfobipLine, str, str]]) -> list[Acted]:
        if len({line.address for line, _, _ in messages}) > 1:
            raise Refused("one callback holds messages to one number only")
        self._gathered = []
        try:
            acted = [self.writes(line, consumer_id, "text", text) for line, consumer_id, text in messages]
            together = [(part, result) for _, part, result in self._gathered]
        finally:
            self._gathered = None
        reported = self._tell(messages[0][0], "SMS", "INBOUND_MESSAGE", together) if together else []
        return [Acted(one.id, reported) for one in acted]

    def report_delivered(self, line: InfobipLine, phone: Phone, messages: list[Message], body: Json) -> Reported:
        """``body["status"]``: "delivered" (or nothing), "failed", or the name of one of Infobip's statuses."""
        name = {"delivered": "DELIVERED_TO_HANDSET", "failed": "UNDELIVERABLE_NOT_DELIVERED"}.get(
            body.get("status", "delivered"), body.get("status", "")
        )
        if name not in STATUSES:
            raise ValueError(f"Infobip has no status {name}; known are {', '.join(STATUSES)}")
        group = STATUSES[name][1]
        if group not in ("ACCEPTED", "PENDING"):
            phone.mark(messages, "delivered" if group == "DELIVERED" else "failed")
        reported: Reported = []
        for message in messages:
            result = {
                "bulkId": message["bulk_id"],
                "messageId": message["id"],
                "to": phone.consumer_id.removeprefix("+"),
                "sender": line.digits,
                "sentAt": instant(message["at_ms"]),
                "doneAt": instant(message["at_ms"] + 1000),
                "messageCount": 1,
                "price": {"pricePerMessage": 0.01, "currency": "EUR"},
                "status": status(name),
                "error": NO_ERROR
                if group in ("ACCEPTED", "PENDING", "DELIVERED")
                else STOPPED
                if name == "UNDELIVERABLE_REJECTED_OPERATOR"
                else ABSENT,
                **({"callbackData": message["callback_data"]} if message["callback_data"] else {}),
            }
            kind = "MMS" if message["type"] == "image" else "SMS"
            reported += self._tell(line, kind, "DELIVERY", [(self.part(phone), result)], own_url=message["report_url"])
        return reported

    def _tell(self, line: InfobipLine, kind: str, event: str, results: list[tuple[Part, Json]], *, own_url: str = "") -> Reported:
        """Queue one callback. An address of the message's own wins, and carries no proof; then a subscription, then the number's setting."""
        url, auth = own_url, InboundAuth()
        if not url:
            subscribed = self._account(line.api_key).subscribed(kind, event, line.digits)
            url, auth = subscribed or (line.callback_url, line.inbound_auth)
        parts = tuple(part for part, _ in results)
        if not url:
            for part in parts:
                self.kernel.ledger.record("callback.unsubscribed", **part.ledger_fields(), field=event)
            return []
        body: Json = {"results": [result for _, result in results]}
        if event == "INBOUND_MESSAGE":
            body |= {"messageCount": len(results), "pendingMessageCount": 0}
        return self.queue(Callback(parts, lambda: wire("POST", "json", url, body, auth), lambda answered: 200 <= answered < 300))

    # ---- Infobip's API -------------------------------------------------------------------------------------------------------

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/infobip/sms/3/messages", self._send_sms),
            web.post("/infobip/mms/2/messages", self._send_mms),
            web.get("/infobip/account/1/balance", self._balance),
            web.get("/infobip/mms/1/inbound/{id}/{name}", self._download),
            web.route("*", "/infobip/subscriptions/1/{path:.+}", self._subscriptions),
        ]

    def _account(self, api_key: str) -> Account:
        return self._accounts.setdefault(api_key, Account())

    def _key(self, request: web.Request) -> str:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme != "App" or not any(line.api_key == key for line in self.lines.values()):
            raise ApiError("UNAUTHORIZED", "Invalid login details", status=401)
        return key

    async def _answer(self, request: web.Request, target: str, act: Callable[[str], Awaitable[web.StreamResponse]]) -> web.Response:
        async def effect() -> Any:
            try:
                return await act(self._key(request))
            except ApiError as error:
                if target == "send":
                    self.refuses("", "", str(error), code=error.code, status=error.status)
                return web.json_response(error.body(), status=error.status)

        return await answer_with_faults(self.kernel, f"infobip.{target}", request, effect, refusal_body)

    async def _balance(self, request: web.Request) -> web.Response:
        async def act(key: str) -> web.Response:
            return web.json_response({"balance": 47.79, "currency": "EUR"})

        return await self._answer(request, "api", act)

    async def _subscriptions(self, request: web.Request) -> web.Response:
        async def act(key: str) -> web.Response:
            body = await read_json(request) if request.method in ("POST", "PUT") else {}
            found = self._account(key).call(request.method, request.match_info["path"], body)
            if found is None:
                return web.Response(status=204)
            return web.json_response(found, status=201 if request.method == "POST" else 200)

        return await self._answer(request, "api", act)

    async def _download(self, request: web.Request) -> web.Response:
        async def act(key: str) -> web.Response:
            url = self._files.get(request.path.removeprefix("/infobip"))
            if url is None:
                raise ApiError("NOT_FOUND", "Requested resource was not found", status=404)
            async with self.courier.session.get(url) as answer:
                return web.Response(status=answer.status, body=await answer.read(), content_type="application/octet-stream")

        return await self._answer(request, "file", act)

    async def _send_sms(self, request: web.Request) -> web.Response:
        return await self._answer(request, "send", lambda key: self._send(request, key, "text"))

    async def _send_mms(self, request: web.Request) -> web.Response:
        return await self._answer(request, "send", lambda key: self._send(request, key, "image"))

    async def _send(self, request: web.Request, key: str, kind: str) -> web.Response:
        body = Strict(await read_json(request), "request")
        messages = body.need("messages", list)
        body.get("options", dict[str, Any]())
        body.done()
        bulk_id = uuid.uuid4().hex
        # All of it is read before any of it lands.
        read = [Outgoing.read(item, kind) for item in messages]
        if not read:
            raise ApiError("BAD_REQUEST", "messages must not be empty")
        answers = [self._land(key, one, to, bulk_id) for one in read for to in one.to]
        return web.json_response({"bulkId": bulk_id, "messages": answers})

    def _land(self, key: str, message: Outgoing, to: str, bulk_id: str) -> Json:
        message_id = str(uuid.uuid4())
        line = next((line for line in self.lines.values() if line.api_key == key and line.digits == message.sender), None)
        name = self._refusal(line, message, to)
        if line is None or name:
            self.refuses(line.address if line else message.sender, self.canonical(to), name, code=name, status=200)
        else:
            size = {"segments": asdict(segments(message.text))} if message.kind == "text" else {"url": message.url}
            report = {"report_url": message.report_url, "callback_data": message.callback_data, "bulk_id": bulk_id}
            self.lands(line, self.phone(line, to), message.kind, message.text, message_id, **size, **report)
        return {"messageId": message_id, "status": status(name or "PENDING_ACCEPTED"), "destination": to}

    def _refusal(self, line: InfobipLine | None, message: Outgoing, to: str) -> str:
        """The name of the status that refuses the message; empty where nothing does."""
        if line is None:
            return "REJECTED_SOURCE"
        if not re.fullmatch(r"[1-9]\d{6,14}|\d{3,6}", to):
            return "REJECTED_DESTINATION"
        if self.phone(line, to).profile.blocked:
            return "REJECTED_DESTINATION_BLOCKLISTED"
        if message.kind == "image" and not line.mms:
            return "REJECTED_ROUTE_NOT_AVAILABLE"
        if message.kind == "image":
            return "REJECTED_MESSAGE_TEXT_TOO_LONG" if len(message.text) > MAX_MMS_TEXT else ""
        is_too_long = segments(message.text).count > MAX_PARTS or len(message.text.encode()) > MAX_BYTES
        return "REJECTED_MESSAGE_TOO_LONG" if is_too_long else ""
