"""Vonage: senders, the Messages API and the older SMS API that a brand's platform calls, and the callbacks that Vonage makes.

A line is a number (SMS and MMS), or a sender with its kind before it: ``whatsapp:3197010200300``, ``rcs:Acme``. Set-up (applications,
numbers) is in ``vonage_account``; what the send calls take in ``vonage_forms`` and ``vonage_kinds``, what callbacks say in
``vonage_events``, how they are signed in ``vonage_callbacks``.

Source: https://developer.vonage.com/en/api/messages, https://developer.vonage.com/en/api/sms and
https://developer.vonage.com/en/getting-started/concepts/webhooks (checked 2026-11).
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import jwt
from aiohttp import web

from sandbox.kernel import Kernel, now_ms
from sandbox.phones.base import Acted, Capabilities, Refused, Reported, Simulator
from sandbox.phones.callbacks import Callback, Courier, Wire
from sandbox.phones.gsm7 import segments
from sandbox.phones.state import Message, Phone
from sandbox.phones.vendor import answer_with_faults
from sandbox.phones.vonage_account import AccountApi
from sandbox.phones.vonage_callbacks import signed, tokened
from sandbox.phones.vonage_events import inbound, sms_parts, sms_receipts, status_report
from sandbox.phones.vonage_forms import (
    Json,
    Outgoing,
    Problem,
    SmsRefused,
    read_mark,
    read_message,
    read_sms,
    refusal_body,
    unauthorized,
)
from sandbox.phones.vonage_kinds import look_of
from sandbox.phones.vonage_line import CHANNELS, TAKES, VonageLine, read_line
from sandbox.phones.whatsapp_products import Catalogue

WINDOW_MS = 24 * 60 * 60 * 1000
FAILURES = {
    "1020": "Invalid params",
    "1022": "Invalid template",
    "1340": "Sent outside allowed window",
    "1180": "Absent Subscriber Temporary",
    "1190": "Absent Subscriber Permanent",
    "1240": "Illegal Number",
    "1210": "Anti-Spam Rejection",
}
RECEIPT_CODES = {"1180": "2", "1190": "3", "1210": "6", "1240": "9"}  # the SMS API's number for the same


class Vonage(Simulator[VonageLine]):
    slug = "vonage"
    title = "Vonage"
    look = "sms"
    consumer_example = "31612345678"
    capabilities: ClassVar[Capabilities] = Capabilities(
        read_receipts=True, delivered_receipts=True, quick_replies=True, images=True, location=True, profile=True
    )
    brand_typing_s = 25.0

    def __init__(self, kernel: Kernel, courier: Courier) -> None:
        super().__init__(kernel, courier)
        self.media: dict[str, tuple[VonageLine, str]] = {}  # a consumer's files: whose they are, and where their bytes are

    # ---- lines and people ----------------------------------------------------------------------------------------------------

    def read_line(self, address: str, body: Json) -> VonageLine:
        return read_line(address, body)

    def canonical(self, consumer_id: str) -> str:
        """Digits without a plus, however they came; names as they are."""
        digits = re.sub(r"[\s()+-]", "", consumer_id)
        return digits if digits.isdecimal() else consumer_id.strip()

    def new_id(self) -> str:
        return str(uuid.uuid4())

    def writes(self, line: VonageLine, consumer_id: str, kind: str, text: str, message_id: str = "", **fields: Any) -> Acted:
        if line.kind and kind not in ("text", *TAKES[line.kind]):
            raise Refused(f"nobody can send a {kind} to {line.address}")
        if not line.kind and kind != "text" and not (line.mms and line.api == "messages"):
            raise Refused(f"{line.address} has no MMS: it carries texts only")
        if not line.kind and kind == "text":
            fields["segments"] = asdict(segments(text))
        return super().writes(line, consumer_id, kind, text, message_id, **fields)

    def forget_phones(self) -> None:
        super().forget_phones()
        self.media.clear()

    # ---- towards the platform ------------------------------------------------------------------------------------------------

    def report_message(self, line: VonageLine, phone: Phone, message: Message) -> Reported:
        if line.api == "sms":
            return self._report_sms(line, phone, message)
        url = ""
        if message["type"] in ("image", "file"):
            media_id = secrets.token_hex(16)
            self.media[media_id] = (line, message["url"])
            url = f"{self.kernel.base_url}/vonage/v3/media/{media_id}"
        event = inbound(line, CHANNELS[line.kind], phone, message, url)
        return self._post(line, line.inbound_url, event, phone, message)

    def report_delivered(self, line: VonageLine, phone: Phone, messages: list[Message], body: Json) -> Reported:
        """``body["status"]``: "delivered" (or nothing), or "failed" with ``body["code"]``, one of the Messages API's numbers."""
        word, code = str(body.get("status", "delivered")), str(body.get("code", "1180"))
        if word not in ("delivered", "failed") or code not in FAILURES:
            raise ValueError(f"status is delivered or failed; code is one of {', '.join(FAILURES)}")
        phone.mark(messages, word)
        reported: Reported = []
        for message in messages:
            reported += self._report_status(line, phone, message, word, code)
        return reported

    def report_read(self, line: VonageLine, phone: Phone, messages: list[Message]) -> Reported:
        if not line.kind:
            raise Refused("SMS has no read receipts")
        return [future for message in messages for future in self._report_status(line, phone, message, "read")]

    def _report_status(self, line: VonageLine, phone: Phone, message: Message, word: str, code: str = "") -> Reported:
        """Tell what became of a message: submitted, delivered, or failed with ``code``."""
        if line.api == "sms":
            return self._report_receipts(line, phone, message, word, code)
        event = status_report(line, phone, message, word, code, FAILURES.get(code, ""))
        return self._post(line, message["webhook_url"] or line.status_url, event, phone)

    def _report_sms(self, line: VonageLine, phone: Phone, message: Message) -> Reported:
        """The SMS API's callbacks: one for each part of a long text."""
        reported: Reported = []
        for number, fields in enumerate(sms_parts(line, phone, message)):
            reported += self._call(line, line.inbound_url, fields, phone, None if number else message)
        return reported

    def _report_receipts(self, line: VonageLine, phone: Phone, message: Message, word: str, code: str) -> Reported:
        reported: Reported = []
        for fields in sms_receipts(line, phone, message, word, RECEIPT_CODES.get(code, "0")):
            reported += self._call(line, message["webhook_url"] or line.status_url, fields, phone)
        return reported

    def _post(self, line: VonageLine, url: str, event: Json, phone: Phone, message: Message | None = None) -> Reported:
        """Queue a callback of the Messages API."""
        return self._queue(url, lambda: tokened(line, url, event), phone, message)

    def _call(self, line: VonageLine, url: str, fields: dict[str, str], phone: Phone, message: Message | None = None) -> Reported:
        """Queue a callback of the SMS API, in the account's format."""
        return self._queue(url, lambda: signed(line, url, fields), phone, message)

    def _queue(self, url: str, request: Callable[[], Wire], phone: Phone, message: Message | None) -> Reported:
        part = self.part(phone, message)
        if not url:
            self.kernel.ledger.record("callback.unsubscribed", **part.ledger_fields(), field="no address")
            return []
        return self.queue(Callback((part,), request, lambda status: 200 <= status < 300))

    # ---- Vonage's API --------------------------------------------------------------------------------------------------------

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/vonage/v1/messages", self._send_message),
            web.patch("/vonage/v1/messages/{message}", self._mark_message),
            web.post("/vonage/sms/json", self._send_sms),
            web.get("/vonage/v3/media/{media}", self._download),
            *AccountApi(self).routes(),
        ]

    def of_application(self, request: web.Request) -> list[VonageLine]:
        """The lines of the application that signed the token, or of the account that logs in.

        Raises:
            Problem: neither is right.
        """
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer":
            return self._of_token(credentials)
        return self.of_account(request)

    def of_account(self, request: web.Request) -> list[VonageLine]:
        """The lines of the account whose key and secret are given.

        Raises:
            Problem: there is none.
        """
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        try:
            key, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:
            raise unauthorized() from None
        found = [line for line in self.lines.values() if (line.api_key, line.api_secret) == (key, secret)]
        if scheme != "Basic" or not found:
            raise unauthorized()
        return found

    def _of_token(self, token: str) -> list[VonageLine]:
        try:
            application_id = jwt.decode(token, options={"verify_signature": False}).get("application_id")
            found = [line for line in self.lines.values() if line.application_id and line.application_id == application_id]
            if not found:
                raise unauthorized()
            jwt.decode(token, found[0].public_key, algorithms=["RS256"], options={"require": ["iat", "jti", "exp", "application_id"]})
        except jwt.PyJWTError as error:
            raise unauthorized() from error
        return found

    async def _send_message(self, request: web.Request) -> web.Response:
        raw = await request.read()

        async def effect() -> web.Response:
            outgoing = None
            try:
                lines = self.of_application(request)
                templates = tuple(template for line in lines for template in line.templates)
                catalogue = next((line.catalogue for line in lines if line.catalogue.id), Catalogue())
                outgoing = read_message(raw, lambda channel, kind, body: look_of(channel, kind, body, templates, catalogue))
                kind = next((kind for kind, channel in CHANNELS.items() if channel == outgoing.channel), "")
                address = f"{kind}:{outgoing.sender}" if kind else outgoing.sender
                line = next((line for line in lines if line.address == address and line.api == "messages"), None)
                if line is None or (outgoing.channel == "mms" and not line.mms):
                    raise Problem(422, "/messages#1120", "Invalid sender", "The `from` parameter is invalid for the given channel.")
            except Problem as problem:
                self.refuses(outgoing.sender if outgoing else "", outgoing.to if outgoing else "", str(problem), status=problem.status)
                return problem.answer()
            return web.json_response({"message_uuid": self._accept(line, outgoing, [])}, status=202)

        return await answer_with_faults(self.kernel, "vonage.send", request, effect, refusal_body)

    async def _mark_message(self, request: web.Request) -> web.Response:
        """A person's message on WhatsApp is marked as read, and the dots are shown if that is asked for."""
        raw = await request.read()

        async def effect() -> web.Response:
            try:
                lines = [line for line in self.of_application(request) if line.kind == "whatsapp"]
                is_typing = read_mark(raw)
                phone, message = self._written(lines, request.match_info["message"])
            except Problem as problem:
                return problem.answer()
            seen = [m for m in phone.messages if m["direction"] == "out" and m["at_ms"] <= message["at_ms"] and m["status"] != "failed"]
            if phone.mark(seen, "read"):
                self.changed(phone)
            if is_typing:
                self.brand_types(phone, True)
            return web.Response(status=200)

        return await answer_with_faults(self.kernel, "vonage.mark", request, effect, refusal_body)

    def _written(self, lines: list[VonageLine], message_id: str) -> tuple[Phone, Message]:
        for (address, _), phone in self.phones.items():
            message = phone.find(message_id) if address in {line.address for line in lines} else None
            if message is not None and message["direction"] == "out":
                return phone, message
        raise Problem(404, "#not-found", "Not found", "The requested resource does not exist.")

    async def _send_sms(self, request: web.Request) -> web.Response:
        raw = (await request.read()).decode("utf-8", "replace")

        async def effect() -> web.Response:
            fields: dict[str, str] = {}
            try:
                fields = _sms_fields(request, raw)
                line = self._sms_sender(request, fields)
                outgoing = read_sms(fields)
            except SmsRefused as refusal:
                self.refuses(fields.get("from", ""), fields.get("to", ""), str(refusal), code=refusal.status)
                return refusal.answer()
            ids = [secrets.token_hex(8).upper() for _ in range(segments(outgoing.text).count)]
            self._accept(line, outgoing, ids)
            entry = {"to": outgoing.to, "status": "0", "remaining-balance": "17.42", "message-price": "0.0333", "network": "20404"}
            return web.json_response({"message-count": str(len(ids)), "messages": [{**entry, "message-id": one} for one in ids]})

        return await answer_with_faults(self.kernel, "vonage.send", request, effect, refusal_body)

    def _sms_sender(self, request: web.Request, fields: dict[str, str]) -> VonageLine:
        if "Authorization" in request.headers:
            try:
                lines = self.of_account(request)
            except Problem as problem:
                raise SmsRefused(4, "Bad Credentials") from problem
        else:
            given = fields.get("api_key"), fields.get("api_secret")
            lines = [line for line in self.lines.values() if (line.api_key, line.api_secret) == given]
        if not lines:
            raise SmsRefused(4, "Bad Credentials")
        line = next((line for line in lines if line.address == fields.get("from") and line.api == "sms"), None)
        if line is None and fields.get("from"):
            raise SmsRefused(15, "Illegal Sender Address - rejected")
        return line or lines[0]

    def _accept(self, line: VonageLine, outgoing: Outgoing, part_ids: list[str]) -> str:
        """Take the message: it lands, or is reported as rejected where the person has opted out at Vonage. Its id."""
        phone = self.phone(line, outgoing.to)
        sent = {"client_ref": outgoing.client_ref, "webhook_url": outgoing.webhook_url, "channel": outgoing.channel, "part_ids": part_ids}
        message_id = part_ids[0] if part_ids else self.new_id()
        if code := self._late_refusal(line, phone, outgoing):
            self.refuses(line.address, outgoing.to, FAILURES[code], code=int(code))
            self._report_status(line, phone, {"id": message_id, **sent}, "failed", code)
            return message_id
        is_sms = outgoing.kind == "text" and not line.kind
        shown: Json = {**outgoing.fields, **({"segments": asdict(segments(outgoing.text))} if is_sms else {})}
        message = self.lands(line, phone, outgoing.kind, outgoing.text, message_id, **shown, **sent)
        self._report_status(line, phone, message, "submitted")
        return message_id

    def _late_refusal(self, line: VonageLine, phone: Phone, outgoing: Outgoing) -> str:
        """The number of what Vonage finds out after it has answered; empty where the message arrives."""
        if phone.profile.blocked:
            return "1240"
        age_ms = now_ms() - phone.last_wrote_at_ms if phone.last_wrote_at_ms is not None else WINDOW_MS + 1
        if line.kind in ("whatsapp", "messenger") and not outgoing.is_template and age_ms > WINDOW_MS:
            return "1340"
        return outgoing.late_refusal

    async def _download(self, request: web.Request) -> web.Response:
        """The bytes of a consumer's file, for a token where the application secures them."""
        line, url = self.media.get(request.match_info["media"], (None, ""))
        if line is None:
            return Problem(404, "#not-found", "Not found", "The requested resource does not exist.").answer()
        if line.secure_media:
            try:
                if line not in self.of_application(request):
                    raise unauthorized()
            except Problem as problem:
                return problem.answer()
        async with self.courier.session.get(url) as answer:
            return web.Response(status=answer.status, body=await answer.read(), content_type="application/octet-stream")


def _sms_fields(request: web.Request, raw: str) -> dict[str, str]:
    if request.content_type != "application/json":
        return dict(parse_qsl(raw, keep_blank_values=True))
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise SmsRefused(3, "Invalid JSON") from error
    if not isinstance(body, dict) or not all(isinstance(value, str) for value in body.values()):
        raise SmsRefused(3, "Invalid JSON")
    return body
