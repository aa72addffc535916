"""Bird, formerly MessageBird: SMS and MMS over its REST API, inbound messages as forms, reports as queries, both with a signed token.
A line says at which of Bird's APIs it is; the successor is in ``bird_channels``.

Source: https://developers.messagebird.com/api/sms-messaging/, .../mms-messaging/, .../docs/verify-http-requests, known as of 2026-11.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from sandbox.kernel import Kernel
from sandbox.phones.base import Acted, Capabilities, Refused, Reported, Simulator
from sandbox.phones.bird_channels import FAILURES, PENDING, ChannelsApi
from sandbox.phones.callbacks import Callback, Courier, Wire
from sandbox.phones.fields import Fields
from sandbox.phones.gsm7 import segments
from sandbox.phones.state import Line, Message, Phone
from sandbox.phones.vendor import answer_with_faults

Json = dict[str, Any]

MAX_BODY = {"GSM-7": 1377, "UCS-2": 603}
MAX_MMS_BODY = 2000
MAX_MEDIA = 10
SMS_FIELDS = {
    *("originator", "recipients", "body", "type", "reference", "reportUrl", "validity", "gateway", "typeDetails", "datacoding"),
    *("mclass", "shortenUrls", "scheduledDatetime"),
}
MMS_FIELDS = {"originator", "recipients", "body", "subject", "mediaUrls", "reference", "reportUrl", "scheduledDatetime"}
STATUSES = {
    "sent": ("sent", "", "pending DLR"),
    "buffered": ("buffered", "", "pending DLR"),
    "delivered": ("delivered", "", "successfully delivered"),
    "failed": ("delivery_failed", "27", "unavailable subscriber"),
    "expired": ("expired", "", "expired"),
    "opted_out": ("delivery_failed", "103", "opted out"),
}


@dataclass(kw_only=True)
class BirdLine(Line):
    """A number of an account."""

    api: str  # legacy or bird, as the platform's configuration calls them
    access_key: str
    signing_key: str
    mms: bool
    receive_url: str = ""  # of the REST API
    workspace_id: str = ""  # of the Channels API, as all below
    channel_id: str = ""
    webhook_url: str = ""  # has both webhooks made, as a person does in the app

    @property
    def digits(self) -> str:
        """The number as Bird writes it."""
        return self.address.removeprefix("+")

    def public(self) -> Json:
        at_api = {"receive_url": self.receive_url} if self.api == "legacy" else {"channel_id": self.channel_id}
        return {**super().public(), "api": self.api, "mms": self.mms, **at_api}


class BirdError(Exception):
    """A refusal in Bird's words."""

    def __init__(self, code: int, description: str, parameter: str | None = None, *, status: int = 422) -> None:
        super().__init__(description)
        self.code, self.parameter, self.status = code, parameter, status

    def body(self) -> Json:
        return {"errors": [{"code": self.code, "description": str(self), "parameter": self.parameter}]}


class Bird(Simulator[BirdLine]):
    slug = "bird"
    title = "Bird SMS"
    look = "sms"
    consumer_example = "+31612345678"
    capabilities: ClassVar[Capabilities] = Capabilities(delivered_receipts=True, images=True)

    def __init__(self, kernel: Kernel, courier: Courier) -> None:
        super().__init__(kernel, courier)
        self._media: dict[str, str] = {}  # id at Bird -> where the bytes are
        self._channels = ChannelsApi(self)

    # ---- lines and people ----------------------------------------------------------------------------------------------------

    def read_line(self, address: str, body: Json) -> BirdLine:
        fields = Fields(body, "a Bird line")
        line = BirdLine(
            provider=self.slug,
            address=address,
            name=fields.get("name", address),
            auto_delivered=fields.get("auto_delivered", True),
            api=fields.one_of("api", ("legacy", "bird")),
            access_key=fields.need("access_key", str),
            signing_key=fields.need("signing_key", str),
            mms=fields.get("mms", False),
        )
        if line.api == "legacy":
            line.receive_url = fields.need("receive_url", str)
        else:
            line.workspace_id, line.channel_id = fields.need("workspace_id", str), fields.need("channel_id", str)
            line.webhook_url = fields.get("webhook_url", "")
        fields.done()
        return line

    def add_line(self, line: BirdLine) -> None:
        super().add_line(line)
        self._channels.subscribe(line)

    def canonical(self, consumer_id: str) -> str:
        """International numbers with a plus, however they came; short codes and names as they are."""
        digits = re.sub(r"[\s()+.-]", "", consumer_id)
        return f"+{digits}" if re.fullmatch(r"[1-9]\d{6,14}", digits) else consumer_id.strip()

    def new_id(self) -> str:
        return secrets.token_hex(16)

    def forget_phones(self) -> None:
        super().forget_phones()
        self._media.clear()
        self._channels.forget_media()

    def writes(self, line: BirdLine, consumer_id: str, kind: str, text: str, message_id: str = "", **fields: Any) -> Acted:
        if kind != "text" and not line.mms:
            raise Refused(f"{line.address} is not enabled for MMS")
        if kind == "text":
            fields["segments"] = asdict(segments(text))
        return super().writes(line, consumer_id, kind, text, message_id, **fields)

    # ---- towards the platform ------------------------------------------------------------------------------------------------

    def report_message(self, line: BirdLine, phone: Phone, message: Message) -> Reported:
        if line.api == "bird":
            return self._channels.report_message(line, phone, message)
        fields = [
            ("id", message["id"]),
            ("recipient", line.digits),
            ("originator", phone.consumer_id.removeprefix("+")),
            ("body", message["text"]),
            ("createdDatetime", instant(message["at_ms"])),
            ("reference", ""),
        ]
        if message["type"] != "text":
            media_id = str(uuid.uuid4())
            self._media[media_id] = message["url"]
            fields.append(("mediaUrls", f"{self.kernel.base_url}/bird/v1/media/{media_id}"))
        body = urlencode(fields).encode()

        def wire() -> Wire:
            headers = {"Content-Type": "application/x-www-form-urlencoded", **signature(line.signing_key, line.receive_url, body)}
            return Wire("POST", line.receive_url, headers, body)

        return self.queue(Callback((self.part(phone, message),), wire, lambda status: status == 200))

    def report_delivered(self, line: BirdLine, phone: Phone, messages: list[Message], body: Json) -> Reported:
        """``body["status"]``: delivered (or nothing), failed, or another key of ``STATUSES``, at the Channels API of its own."""
        asked = body.get("status", "delivered")
        known = tuple(STATUSES) if line.api == "legacy" else ("delivered", *PENDING, *FAILURES)
        if asked not in known:
            raise ValueError(f"Bird has no status {asked}; known are {', '.join(known)}")
        if line.api == "bird":
            if asked not in PENDING:
                phone.mark(messages, "delivered" if asked == "delivered" else "failed")
            return [told for message in messages for told in self._channels.report_status(line, phone, message, asked)]
        status, code, reason = STATUSES[asked]
        if asked not in ("sent", "buffered"):
            phone.mark(messages, "delivered" if status == "delivered" else "failed")
        reported: Reported = []
        for message in messages:
            if message["report_url"] and message["reference"]:
                fields = {
                    "id": message["id"],
                    "reference": message["reference"],
                    "recipient": phone.consumer_id.removeprefix("+"),
                    "status": status,
                    "statusReason": reason,
                    "statusDatetime": instant(message["at_ms"] + 1000),
                    **({"statusErrorCode": code} if code else {}),
                    "mccmnc": "20408",
                    "ported": "0",
                    "messagePartCount": str(message.get("segments", {"count": 1})["count"]),
                    "price[amount]": "0.07",
                    "price[currency]": "EUR",
                }
                reported += self._report(line, phone, message["report_url"], fields)
        return reported

    def _report(self, line: BirdLine, phone: Phone, url: str, fields: dict[str, str]) -> Reported:
        called = f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}"
        return self.queue(
            Callback(
                (self.part(phone),),
                lambda: Wire("GET", called, signature(line.signing_key, called, b"")),
                lambda status: status == 200,
            )
        )

    # ---- Bird's API ----------------------------------------------------------------------------------------------------------

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/bird/messages", self._send_sms),
            web.post("/bird/mms", self._send_mms),
            web.get("/bird/balance", self._balance),
            web.get("/bird/v1/media/{id}", self._download),
            *self._channels.routes(),
        ]

    async def _answer(self, request: web.Request, target: str, act: Callable[[str], Awaitable[web.Response]]) -> web.Response:
        async def effect() -> web.Response:
            try:
                scheme, _, key = request.headers.get("Authorization", "").partition(" ")
                if scheme != "AccessKey" or not self._of_account(key):
                    raise BirdError(2, "Request not allowed (incorrect access_key)", "access_key", status=401)
                return await act(key)
            except BirdError as error:
                if target == "send":
                    self.refuses("", "", str(error), code=error.code, status=error.status)
                return web.json_response(error.body(), status=error.status)

        return await answer_with_faults(self.kernel, f"bird.{target}", request, effect, refusal_body)

    def _of_account(self, key: str) -> list[BirdLine]:
        return [line for line in self.lines.values() if line.api == "legacy" and line.access_key == key]

    async def _balance(self, request: web.Request) -> web.Response:
        async def act(key: str) -> web.Response:
            return web.json_response({"payment": "prepaid", "type": "euros", "amount": 103.5})

        return await self._answer(request, "api", act)

    async def _download(self, request: web.Request) -> web.Response:
        async def act(key: str) -> web.Response:
            url = self._media.get(request.match_info["id"])
            if url is None:
                raise BirdError(20, "media not found", status=404)
            async with self.courier.session.get(url) as answer:
                return web.Response(status=answer.status, body=await answer.read(), content_type="application/octet-stream")

        return await self._answer(request, "file", act)

    async def _send_sms(self, request: web.Request) -> web.Response:
        async def act(key: str) -> web.Response:
            fields = await read_fields(request, SMS_FIELDS)
            text = need_text(fields, "body")
            size = segments(text)
            coding = fields.get("datacoding", "plain")
            if coding not in ("plain", "unicode", "auto"):
                raise BirdError(10, "datacoding is invalid", "datacoding")
            # In plain coding what the alphabet lacks is replaced, so only its length counts.
            is_plain = coding == "plain" or (coding == "auto" and size.encoding == "GSM-7")
            if (size.units if coding != "plain" else len(text)) > MAX_BODY["GSM-7" if is_plain else "UCS-2"]:
                raise BirdError(10, "body is too long", "body")
            return self._land(key, fields, "text", text, segments=asdict(size))

        return await self._answer(request, "send", act)

    async def _send_mms(self, request: web.Request) -> web.Response:
        async def act(key: str) -> web.Response:
            fields = await read_fields(request, MMS_FIELDS)
            text, urls = str(fields.get("body", "")), fields.get("mediaUrls", [])
            if len(text) > MAX_MMS_BODY:
                raise BirdError(10, "body is too long", "body")
            if (
                not isinstance(urls, list)
                or len(urls) > MAX_MEDIA
                or any(urlsplit(str(url)).scheme not in ("http", "https") for url in urls)
            ):
                raise BirdError(10, "mediaUrls is invalid", "mediaUrls")
            if not text and not urls:
                raise BirdError(9, "no (correct) body or mediaUrls found", "body")
            return self._land(key, fields, "image" if urls else "text", text, is_mms=True, **({"url": urls[0]} if urls else {}))

        return await self._answer(request, "send", act)

    def _land(self, key: str, fields: Json, kind: str, text: str, *, is_mms: bool = False, **shown: Any) -> web.Response:
        originator = need_text(fields, "originator").removeprefix("+")
        line = next((line for line in self._of_account(key) if line.digits == originator), None)
        if line is None or (is_mms and not line.mms):
            raise BirdError(10, "originator is invalid", "originator")
        recipients = fields.get("recipients")
        if not isinstance(recipients, list) or not recipients:
            raise BirdError(9, "no (correct) recipients found", "recipients")
        numbers = [str(recipient).removeprefix("+") for recipient in recipients]
        if not all(re.fullmatch(r"[1-9]\d{6,14}", number) for number in numbers):
            raise BirdError(10, "recipients is invalid", "recipients")
        message_id = self.new_id()
        report = {"report_url": str(fields.get("reportUrl", "")), "reference": str(fields.get("reference", ""))}
        for number in numbers:
            phone = self.phone(line, number)
            message = self.lands(line, phone, kind, text, message_id, **shown, **report)
            if phone.profile.blocked:  # Bird takes the message and tells of the opt-out afterwards
                self.report_delivered(line, phone, [message], {"status": "opted_out"})
        items = [{"recipient": int(number), "status": "sent", "statusDatetime": instant(int(time.time() * 1000))} for number in numbers]
        summary = {"totalCount": len(items), "totalSentCount": len(items), "items": items}
        href = f"https://rest.messagebird.com/{'mms' if is_mms else 'messages'}/{message_id}"
        answer = {"id": message_id, "href": href, "direction": "mt", "originator": originator, "body": text, "recipients": summary}
        return web.json_response({**answer, "reference": report["reference"] or None}, status=201)


async def read_fields(request: web.Request, known: set[str]) -> Json:
    """The JSON object of a call.

    Raises:
        BirdError: it is none, or has a field that Bird does not know.
    """
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise BirdError(21, "JSON object expected", status=400) from error
    if not isinstance(body, dict):
        raise BirdError(21, "JSON object expected", status=400)
    if unknown := sorted(set(body) - known):
        raise BirdError(10, f"{unknown[0]} is not a parameter", unknown[0])
    return body


def need_text(fields: Json, name: str) -> str:
    """The text at ``name``.

    Raises:
        BirdError: there is none.
    """
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise BirdError(9, f"no (correct) {name} found", name)
    return value


def refusal_body(status: int) -> str:
    """Bird's words for a status that a fault gives; none for 429, which comes from in front of it."""
    if status == 429:
        return "Too Many Requests"
    code = 2 if status in (401, 403) else 20 if status == 404 else 99 if status >= 500 else 10
    return json.dumps(BirdError(code, "a fault of the sandbox").body())


def signature(key: str, url: str, body: bytes, *, now_s: int | None = None) -> dict[str, str]:
    """The header that proves a call of ``url`` with ``body``, good for a minute."""
    begins = int(time.time()) if now_s is None else now_s
    claims: Json = {"iss": "MessageBird", "nbf": begins, "exp": begins + 60, "jti": str(uuid.uuid4()), "url_hash": digest(url.encode())}
    if body:
        claims["payload_hash"] = digest(body)
    signed = b".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    proof = base64url(hmac.new(key.encode(), signed, hashlib.sha256).digest())
    return {"MessageBird-Signature-JWT": (signed + b"." + proof).decode()}


def digest(what: bytes) -> str:
    return hashlib.sha256(what).hexdigest()


def base64url(what: bytes) -> bytes:
    return base64.urlsafe_b64encode(what).rstrip(b"=")


def instant(at_ms: int) -> str:
    """A time as Bird writes it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
