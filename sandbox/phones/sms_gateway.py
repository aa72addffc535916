"""SMS and MMS behind a gateway of the tenant's choice: texts and files in and out, delivery reports, a balance to ask for."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from aiohttp import BasicAuth, web

from sandbox.kernel import Kernel
from sandbox.phones.base import Acted, Capabilities, Refused, Reported, Simulator
from sandbox.phones.callbacks import Callback, Courier, Wire
from sandbox.phones.fields import Fields
from sandbox.phones.gsm7 import pieces, segments
from sandbox.phones.sms_inbound import InboundAuth, wire
from sandbox.phones.state import Line, Message, Phone
from sandbox.phones.vendor import answer_with_faults

FIELD_NAMES = {
    **{"from": "from", "to": "to", "text": "text", "id": "id", "time": "date", "media": "MediaUrl", "media_type": "MediaContentType"},
    **{"reference": "concat-ref", "part": "concat-part", "total": "concat-total"},
}
MEDIA_TYPES = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/amr", "file": "application/pdf"}
PICTURES = (".jpg", ".jpeg", ".png", ".gif")
FAILED_WORDS = {"UNDELIV", "REJECTD", "EXPIRED", "DELETED", "UNKNOWN", "failed", "undelivered", "rejected", "expired"}
MAX_SEGMENTS = 10
SEND_FIELDS = {"to", "from", "text", "media", "ref", "dlr"}


@dataclass(kw_only=True)
class SmsLine(Line):
    """A number or sender id at a gateway."""

    receive_url: str
    status_url: str
    inbound_auth: InboundAuth
    inbound_method: str
    inbound_format: str
    fields: dict[str, str]  # what the gateway calls each of FIELD_NAMES; media and its type have a number behind it
    in_pieces: bool  # long messages of consumers are not joined: each part is a call of its own
    number_format: str  # e164 (+31...) or digits (31...)
    delivered_word: str
    failed_word: str
    username: str
    password: str
    dedupe_ref: bool  # a ref that was sent before is answered as before, and not sent again
    mms: bool  # the number can send and receive MMS; a consumer's file is given out for the log-in only

    def public(self) -> dict[str, Any]:
        return {
            **super().public(),
            "receive_url": self.receive_url,
            "status_url": self.status_url,
            "inbound_auth": {"kind": self.inbound_auth.kind},
            "inbound_method": self.inbound_method,
            "inbound_format": self.inbound_format,
        }


class SmsRefused(Exception):
    """The gateway's refusal of a send call."""

    def __init__(self, status: int, code: str, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.code = code

    def answer(self) -> web.Response:
        headers = {"WWW-Authenticate": 'Basic realm="sms"'} if self.status == 401 else {}
        return web.json_response({"code": self.code, "error": str(self)}, status=self.status, headers=headers)


class SmsGateway(Simulator[SmsLine]):
    slug = "sms_gateway"
    title = "SMS"
    look = "sms"
    consumer_example = "+31612345678"
    capabilities: ClassVar[Capabilities] = Capabilities(delivered_receipts=True, images=True)

    def __init__(self, kernel: Kernel, courier: Courier) -> None:
        super().__init__(kernel, courier)
        self._media: dict[str, str] = {}  # a consumer's files: where their bytes are

    def new_id(self) -> str:
        return "sms-" + secrets.token_hex(8)

    def canonical(self, consumer_id: str) -> str:
        """International numbers with a plus, however they came; short codes and names as they are."""
        digits = re.sub(r"[\s()+-]", "", consumer_id)
        if not digits.isdecimal() or len(digits) < 8:
            return consumer_id.strip()
        return "+" + digits.removeprefix("00")

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/sms/{address}/send", self._send),
            web.get("/sms/{address}/send", self._send),
            web.get("/sms/{address}/balance", self._balance),
            web.get("/sms/{address}/media/{media}", self._download),
        ]

    def read_line(self, address: str, body: dict[str, Any]) -> SmsLine:
        fields = Fields(body, "an SMS line")
        names = fields.get("fields", dict[str, Any]())
        if unknown := set(names) - set(FIELD_NAMES):
            raise ValueError(f"unknown fields names {sorted(unknown)}; known are {sorted(FIELD_NAMES)}")
        outbound = Fields(fields.need("outbound_auth", dict), "outbound_auth")
        outbound.one_of("kind", ("basic",))
        status_words = Fields(fields.get("status_words", dict[str, Any]()), "status_words")
        line = SmsLine(
            provider=self.slug,
            address=address,
            name=fields.get("name", address),
            auto_delivered=fields.get("auto_delivered", True),
            receive_url=fields.need("receive_url", str),
            status_url=fields.get("status_url", ""),
            inbound_auth=InboundAuth.read(fields.get("inbound_auth", dict[str, Any]())),
            inbound_method=fields.one_of("inbound_method", ("POST", "GET")),
            inbound_format=fields.one_of("inbound_format", ("form", "json", "query")),
            fields={**FIELD_NAMES, **names},
            number_format=fields.one_of("number_format", ("e164", "digits")),
            delivered_word=status_words.get("delivered", "DELIVRD"),
            failed_word=status_words.get("failed", "UNDELIV"),
            username=outbound.need("username", str),
            password=outbound.need("password", str),
            dedupe_ref=fields.get("dedupe_ref", False),
            mms=fields.get("mms", True),
            in_pieces=fields.get("in_pieces", False),
        )
        for part in (fields, outbound, status_words):
            part.done()
        if line.inbound_method == "GET" and line.inbound_format != "query":
            raise ValueError("inbound_method GET has no body: it goes with inbound_format query")
        if line.inbound_auth.kind == "hmac" and line.inbound_format == "query":
            raise ValueError("inbound_auth hmac signs the body, and inbound_format query has none")
        return line

    def writes(self, line: SmsLine, consumer_id: str, kind: str, text: str, message_id: str = "", **fields: Any) -> Acted:
        if kind == "text":
            fields["segments"] = asdict(segments(text))
        elif not line.mms:
            raise Refused(f"{line.address} has no MMS: it carries texts only")
        return super().writes(line, consumer_id, kind, text, message_id, **fields)

    def forget_phones(self) -> None:
        super().forget_phones()
        self._media.clear()

    # ---- towards the platform ------------------------------------------------------------------------------------------------

    def report_message(self, line: SmsLine, phone: Phone, message: Message) -> Reported:
        written_at = datetime.fromtimestamp(message["at_ms"] / 1000, UTC)
        values = {
            "from": self._number(line, phone.consumer_id),
            "to": line.address,
            "text": message["text"],
            "id": message["id"],
            "time": written_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
        if message["type"] != "text":
            media_id = secrets.token_hex(16)
            self._media[media_id] = message["url"]
            media = {
                "media": f"{self.kernel.base_url}/sms/{quote(line.address)}/media/{media_id}",
                "media_type": MEDIA_TYPES[message["media_type"]],
            }
            return self._tell(line, values, phone, message, {f"{line.fields[name]}0": value for name, value in media.items()})
        parts = pieces(message["text"]) if line.in_pieces else [message["text"]]
        if len(parts) == 1:
            return self._tell(line, values, phone, message, {})
        reported: Reported = []
        reference = secrets.token_hex(1)
        for number, text in enumerate(parts, 1):
            piece = {"text": text, "id": f"{message['id']}.{number}", "reference": reference, "part": str(number), "total": str(len(parts))}
            reported += self._tell(line, {**values, **piece}, phone, message, {})
        return reported

    def _tell(self, line: SmsLine, values: dict[str, str], phone: Phone, message: Message, more: dict[str, str]) -> Reported:
        fields = {line.fields[name]: value for name, value in values.items()}
        return self._call(line, line.receive_url, {**fields, **more}, line.inbound_method, line.inbound_format, phone, message)

    def report_delivered(self, line: SmsLine, phone: Phone, messages: list[Message], body: dict[str, Any]) -> Reported:
        """``body["status"]``: "delivered" (or nothing), "failed", or any word of the gateway's own."""
        word = str(body.get("status", "delivered"))
        word = {"delivered": line.delivered_word, "failed": line.failed_word}.get(word, word)
        if word == line.delivered_word:
            phone.mark(messages, "delivered")
        elif word == line.failed_word or word in FAILED_WORDS:
            phone.mark(messages, "failed")
        reported: Reported = []
        for message in messages:
            url = message["dlr"] or line.status_url
            if url:
                fields = {"id": message["id"], "status": word}
                reported += self._call(line, url, {"ref": message["ref"], **fields} if message["ref"] else fields, "POST", "form", phone)
        return reported

    def _call(
        self, line: SmsLine, url: str, fields: dict[str, str], method: str, body_format: str, phone: Phone, message: Message | None = None
    ) -> Reported:
        def request() -> Wire:
            return wire(method, body_format, url, fields, line.inbound_auth)

        return self.queue(Callback((self.part(phone, message),), request, lambda status: 200 <= status < 300))

    @staticmethod
    def _number(line: SmsLine, consumer_id: str) -> str:
        return consumer_id.removeprefix("+") if line.number_format == "digits" else consumer_id

    # ---- the gateway's API ---------------------------------------------------------------------------------------------------

    async def _send(self, request: web.Request) -> web.Response:
        async def effect() -> web.Response:
            address, to = request.match_info["address"], ""
            try:
                line = self._authorized(request, address)
                params = await self._params(request)
                to = self.canonical(params.get("to", ""))
                return web.json_response({"messages": [{"id": self._accept(line, to, params)["id"], "status": "accepted"}]})
            except SmsRefused as refusal:
                self.refuses(address, to, str(refusal), code=refusal.code, status=refusal.status)
                return refusal.answer()

        return await answer_with_faults(self.kernel, "sms_gateway.send", request, effect, refusal_body)

    async def _balance(self, request: web.Request) -> web.Response:
        return self._told(request, lambda line: web.json_response({"balance": "25.00", "currency": "EUR"}))

    async def _download(self, request: web.Request) -> web.Response:
        """Where the bytes of a consumer's file lie."""

        def place(line: SmsLine) -> web.Response:
            url = self._media.get(request.match_info["media"])
            if url is None:
                raise SmsRefused(404, "17", "no such file")
            return web.Response(status=302, headers={"Location": url})

        return self._told(request, place)

    def _told(self, request: web.Request, answer: Callable[[SmsLine], web.Response]) -> web.Response:
        try:
            return answer(self._authorized(request, request.match_info["address"]))
        except SmsRefused as refusal:
            return refusal.answer()

    def _authorized(self, request: web.Request, address: str) -> SmsLine:
        line = self.lines.get(address)
        if line is None:
            raise SmsRefused(404, "10", "no such account")
        try:
            given = BasicAuth.decode(request.headers.get("Authorization", ""), encoding="utf-8")
        except ValueError as error:
            raise SmsRefused(401, "11", "basic authentication is required") from error
        if not (given.login == line.username and hmac.compare_digest(given.password.encode(), line.password.encode())):
            raise SmsRefused(401, "11", "wrong user name or password")
        return line

    @staticmethod
    async def _params(request: web.Request) -> dict[str, str]:
        """The call's fields: the query, and over it a JSON or form body."""
        body: dict[str, Any] = {}
        if request.content_type == "application/json":
            try:
                body = json.loads(await request.read())
            except ValueError as error:
                raise SmsRefused(400, "12", "the body is not valid JSON") from error
            if not isinstance(body, dict) or not all(isinstance(value, str) for value in body.values()):
                raise SmsRefused(400, "12", "the body must be a JSON object of strings")
        elif request.method == "POST":
            body = dict(await request.post())
        params = {**request.query, **body}
        if unknown := sorted(set(params) - SEND_FIELDS):
            raise SmsRefused(400, "12", f"unknown parameters: {', '.join(unknown)}")
        return params

    def _accept(self, line: SmsLine, to: str, params: dict[str, str]) -> Message:
        media = params.get("media")
        for name in ("to", "text") if media is None else ("to",):
            if not params.get(name, "").strip():
                raise SmsRefused(400, "12", f"{name} is missing or empty")
        if media is not None and not re.fullmatch(r"https?://\S+", media):
            raise SmsRefused(400, "12", "media is not the address of a file")
        if media is not None and not line.mms:
            raise SmsRefused(400, "18", f"{line.address} has no MMS")
        if not re.fullmatch(r"\+[1-9]\d{7,14}|\d{3,7}", to):
            raise SmsRefused(400, "13", f"{to} is no phone number")
        sender = params.get("from", line.address)
        if self.canonical(sender) != self.canonical(line.address):
            raise SmsRefused(400, "14", f"{sender} is not a sender of this account")
        size = segments(params.get("text", ""))
        if size.count > MAX_SEGMENTS:
            raise SmsRefused(400, "15", f"the text takes {size.count} SMS; at most {MAX_SEGMENTS} are sent")
        ref, dlr = params.get("ref", ""), params.get("dlr", "")
        phone = self.phone(line, to)
        if phone.profile.blocked:
            raise SmsRefused(400, "16", f"{to} opted out")
        if ref and line.dedupe_ref:
            for message in phone.messages:
                if message.get("ref") == ref:
                    return message
        if media is None:
            return self.lands(line, phone, "text", params["text"], ref=ref, dlr=dlr, segments=asdict(size))
        # A picture is drawn, anything else is a link.
        kind = "image" if urlsplit(media).path.lower().endswith(PICTURES) else "file"
        return self.lands(line, phone, kind, params.get("text", ""), ref=ref, dlr=dlr, url=media)


def refusal_body(status: int) -> str:
    """The gateway's words for a status that a fault gives."""
    if status == 429:
        return json.dumps({"code": "29", "error": "too many requests"})
    return json.dumps({"code": "99", "error": "the gateway has a problem"} if status >= 500 else {"code": "12", "error": "refused"})
