"""Vonage: numbers, the Messages API and the older SMS API that a brand's platform calls, and the callbacks that Vonage makes.

Set-up (applications, numbers) is in ``vonage_account``; what the send calls take in ``vonage_forms``, how callbacks are signed in
``vonage_callbacks``.

Source: https://developer.vonage.com/en/api/messages, https://developer.vonage.com/en/api/sms and
https://developer.vonage.com/en/getting-started/concepts/webhooks (checked 2026-11).
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import jwt
from aiohttp import web

from sandbox.kernel import Kernel
from sandbox.phones.base import Acted, Capabilities, Refused, Reported, Simulator
from sandbox.phones.callbacks import Callback, Courier, Wire
from sandbox.phones.fields import Fields
from sandbox.phones.gsm7 import segments
from sandbox.phones.state import Line, Message, Phone
from sandbox.phones.vendor import answer_with_faults
from sandbox.phones.vonage_account import AccountApi
from sandbox.phones.vonage_callbacks import keyword, parts, signed, timestamp, tokened
from sandbox.phones.vonage_forms import Json, Outgoing, Problem, SmsRefused, read_message, read_sms, refusal_body, unauthorized

METHODS = ("sha256", "sha512", "sha1", "md5", "md5hash")
WEBHOOK_FORMATS = ("POST-JSON", "POST", "GET")
FAILURES = {
    "1180": "Absent Subscriber Temporary",
    "1190": "Absent Subscriber Permanent",
    "1240": "Illegal Number",
    "1210": "Anti-Spam Rejection",
}
RECEIPT_CODES = {"1180": "2", "1190": "3", "1210": "6", "1240": "9"}  # the SMS API's number for the same


@dataclass(kw_only=True)
class VonageLine(Line):
    """A number, with the account and the application that it belongs to."""

    api: str  # messages or sms: which of them tells of this number's messages
    api_key: str
    api_secret: str
    signature_secret: str
    signature_method: str = "sha256"  # of the SMS API
    webhook_format: str = "POST-JSON"  # of the SMS API
    application_id: str = ""
    public_key: str = ""
    inbound_url: str = ""
    status_url: str = ""
    country: str = "NL"
    mms: bool = True  # the number can send and receive MMS
    secure_media: bool = True  # a consumer's file is given out for a token only
    kept: Json = field(default_factory=dict)  # what else was written into the application

    def public(self) -> Json:
        shown = {"api": self.api, "application_id": self.application_id, "inbound_url": self.inbound_url, "status_url": self.status_url}
        return {**super().public(), **shown}


class Vonage(Simulator[VonageLine]):
    slug = "vonage"
    title = "Vonage SMS"
    look = "sms"
    consumer_example = "31612345678"
    capabilities: ClassVar[Capabilities] = Capabilities(delivered_receipts=True, images=True)

    def __init__(self, kernel: Kernel, courier: Courier) -> None:
        super().__init__(kernel, courier)
        self.media: dict[str, tuple[VonageLine, str]] = {}  # a consumer's files: whose they are, and where their bytes are

    # ---- lines and people ----------------------------------------------------------------------------------------------------

    def read_line(self, address: str, body: Json) -> VonageLine:
        fields = Fields(body, "a Vonage line")
        line = VonageLine(
            provider=self.slug,
            address=address,
            name=fields.get("name", address),
            auto_delivered=fields.get("auto_delivered", True),
            api=fields.one_of("api", ("messages", "sms")),
            api_key=fields.need("api_key", str),
            api_secret=fields.need("api_secret", str),
            signature_secret=fields.need("signature_secret", str),
            signature_method=fields.one_of("signature_method", METHODS),
            webhook_format=fields.one_of("webhook_format", WEBHOOK_FORMATS),
            application_id=fields.get("application_id", ""),
            public_key=fields.get("public_key", ""),
            inbound_url=fields.get("inbound_url", ""),
            status_url=fields.get("status_url", ""),
            country=fields.get("country", "NL"),
            mms=fields.get("mms", True),
            secure_media=fields.get("secure_media", True),
        )
        fields.done()
        if not re.fullmatch(r"\d{3,15}", address):
            raise ValueError("a Vonage number is its digits with the country code, without a plus")
        if line.api == "messages" and not (line.application_id and line.public_key):
            raise ValueError("a Vonage line with api messages needs application_id and public_key")
        return line

    def canonical(self, consumer_id: str) -> str:
        """Digits without a plus, however they came; names as they are."""
        digits = re.sub(r"[\s()+-]", "", consumer_id)
        return digits if digits.isdecimal() else consumer_id.strip()

    def new_id(self) -> str:
        return str(uuid.uuid4())

    def writes(self, line: VonageLine, consumer_id: str, kind: str, text: str, message_id: str = "", **fields: Any) -> Acted:
        if kind != "text" and not (line.mms and line.api == "messages"):
            raise Refused(f"{line.address} has no MMS: it carries texts only")
        if kind == "text":
            fields["segments"] = asdict(segments(text))
        return super().writes(line, consumer_id, kind, text, message_id, **fields)

    def forget_phones(self) -> None:
        super().forget_phones()
        self.media.clear()

    # ---- towards the platform ------------------------------------------------------------------------------------------------

    def report_message(self, line: VonageLine, phone: Phone, message: Message) -> Reported:
        if line.api == "sms":
            return self._report_sms(line, phone, message)
        event: Json = {
            "channel": "sms" if message["type"] == "text" else "mms",
            "message_uuid": message["id"],
            "to": line.address,
            "from": phone.consumer_id,
            "timestamp": timestamp(message["at_ms"]),
        }
        if message["type"] == "text":
            text = message["text"]
            sms = {"num_messages": str(segments(text).count), "keyword": keyword(text)}
            event |= {"message_type": "text", "text": text, "sms": sms, "usage": {"currency": "EUR", "price": "0.0050"}}
        else:
            kind, name = message["media_type"], message["url"].rpartition("/")[2][:60]
            media_id = secrets.token_hex(16)
            self.media[media_id] = (line, message["url"])
            part = {"url": f"{self.kernel.base_url}/vonage/v3/media/{media_id}", "name": name}
            event |= {"message_type": kind, kind: {**part, **({"caption": message["text"]} if message["text"] else {})}}
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

    def _report_status(self, line: VonageLine, phone: Phone, message: Message, word: str, code: str = "") -> Reported:
        """Tell what became of a message: submitted, delivered, or failed with ``code``."""
        if line.api == "sms":
            return self._report_receipts(line, phone, message, word, code)
        status = {"failed": "rejected" if code == "1240" else "undeliverable"}.get(word, word)
        event: Json = {
            "message_uuid": message["id"],
            "to": phone.consumer_id,
            "from": line.address,
            "timestamp": timestamp(int(time.time() * 1000)),
            "status": status,
            "channel": message["channel"],
            "usage": {"currency": "EUR", "price": "0.0333"},
        }
        if message["client_ref"]:
            event["client_ref"] = message["client_ref"]
        if word == "failed":
            kind = f"https://developer.vonage.com/api-errors/messages#{code}"
            event["error"] = {"type": kind, "title": code, "detail": FAILURES[code], "instance": secrets.token_hex(16)}
        return self._post(line, message["webhook_url"] or line.status_url, event, phone)

    def _report_sms(self, line: VonageLine, phone: Phone, message: Message) -> Reported:
        """The SMS API's callbacks: one for each part of a long text."""
        pieces = parts(message["text"])
        reported: Reported = []
        reference = secrets.token_hex(2).upper()
        for number, piece in enumerate(pieces, 1):
            fields = {
                "msisdn": phone.consumer_id,
                "to": line.address,
                "messageId": message["id"] if number == 1 else secrets.token_hex(8).upper(),
                "text": piece,
                "type": "text" if segments(message["text"]).encoding == "GSM-7" else "unicode",
                "keyword": keyword(message["text"]),
            }
            if len(pieces) > 1:
                fields |= {"concat": "true", "concat-ref": reference, "concat-total": str(len(pieces)), "concat-part": str(number)}
            reported += self._call(line, line.inbound_url, fields, phone, message if number == 1 else None)
        return reported

    def _report_receipts(self, line: VonageLine, phone: Phone, message: Message, word: str, code: str) -> Reported:
        reported: Reported = []
        for part_id in message["part_ids"]:
            fields = {
                "msisdn": phone.consumer_id,
                "to": line.address,
                "network-code": "20404",
                "messageId": part_id,
                "price": "0.03330000",
                "status": {"submitted": "accepted"}.get(word, word),
                "scts": datetime.now(UTC).strftime("%y%m%d%H%M"),
                "err-code": RECEIPT_CODES.get(code, "0"),
                **({"client-ref": message["client_ref"]} if message["client_ref"] else {}),
            }
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
                outgoing = read_message(raw)
                line = next((line for line in lines if line.address == outgoing.sender and line.api == "messages"), None)
                if line is None or (outgoing.channel == "mms" and not line.mms):
                    raise Problem(422, "/messages#1120", "Invalid sender", "The `from` parameter is invalid for the given channel.")
            except Problem as problem:
                self.refuses(outgoing.sender if outgoing else "", outgoing.to if outgoing else "", str(problem), status=problem.status)
                return problem.answer()
            return web.json_response({"message_uuid": self._accept(line, outgoing, [])}, status=202)

        return await answer_with_faults(self.kernel, "vonage.send", request, effect, refusal_body)

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
        if phone.profile.blocked:
            self.refuses(line.address, outgoing.to, "Illegal Number", code=1240)
            self._report_status(line, phone, {"id": message_id, **sent}, "failed", "1240")
            return message_id
        shown: Json = {"url": outgoing.url} if outgoing.url else {"segments": asdict(segments(outgoing.text))}
        message = self.lands(line, phone, outgoing.kind, outgoing.text, message_id, **shown, **sent)
        self._report_status(line, phone, message, "submitted")
        return message_id

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
