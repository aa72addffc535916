"""Twilio: numbers and WhatsApp senders, the Messages resource that a brand's platform calls, and the callbacks that Twilio makes.

``twilio_forms`` reads the calls, ``twilio_contents`` is the Content API, ``twilio_account`` what else belongs to an account: its numbers,
services, senders and files. Faults strike ``twilio.send``, ``twilio.content`` (the Content API), ``twilio.typing`` and ``twilio.api`` (the
account). A WhatsApp message outside of the window, or to somebody who blocked the sender, is taken and fails later, as Twilio does it.

Source: https://www.twilio.com/docs/messaging/guides/webhook-request, /docs/messaging/api/message-resource and
/docs/usage/security#validating-requests (2026-11).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import BasicAuth, web

from sandbox.kernel import Kernel, now_ms
from sandbox.phones.base import Acted, Capabilities, Refused, Reported, Simulator
from sandbox.phones.callbacks import Callback, Courier, Wire
from sandbox.phones.fields import Fields
from sandbox.phones.gsm7 import segments
from sandbox.phones.state import Line, Message, Phone
from sandbox.phones.twilio_account import Account
from sandbox.phones.twilio_contents import Content, Contents, read_template
from sandbox.phones.twilio_forms import (
    NUMBER,
    WHATSAPP,
    Form,
    Json,
    TwilioError,
    check_message,
    check_recipient,
    read_place,
    refusal_body,
    refuse,
)
from sandbox.phones.twilio_media import Media, check_media, look_at
from sandbox.phones.vendor import answer_with_faults

STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START_WORDS = {"START", "YES", "UNSTOP"}
WINDOW_MS = 24 * 3600 * 1000
MIME_TYPES = {"image": "image/jpeg", "audio": "audio/ogg", "video": "video/mp4", "file": "application/pdf"}


@dataclass(kw_only=True)
class TwilioLine(Line):
    """A number (``+15550100``) or a WhatsApp sender (``whatsapp:+15550100``) of an account."""

    account_sid: str
    auth_token: str
    callback_url: str = ""  # with what stands behind the #; empty: Twilio tells nobody
    messaging_service_sid: str = ""  # the number is in the pool of this service, and the service calls
    mms: bool = False
    advanced_opt_out: bool = False
    templates: tuple[Content, ...] = ()

    def public(self) -> Json:
        shown = {"account_sid": self.account_sid, "callback_url": self.callback_url, "mms": self.mms}
        if self.is_whatsapp:
            return {**super().public(), **shown, "look": "whatsapp"}
        lacks = dict.fromkeys(("read_receipts", "quick_replies", "location", "profile"), False)
        return {**super().public(), **shown, "capabilities": lacks}

    @property
    def is_whatsapp(self) -> bool:
        return self.address.startswith(WHATSAPP)

    @property
    def repeats(self) -> bool:
        """Whether the address asks for what was not answered well to be repeated; Twilio does not by itself."""
        return "rc=" in urlsplit(self.callback_url).fragment

    def sid(self, kind: str) -> str:
        """The SID of what stands for this line: PN of the number, XE of the sender."""
        return kind + hashlib.md5(self.address.encode()).hexdigest()


class Twilio(Simulator[TwilioLine]):
    slug = "twilio"
    title = "Twilio"
    look = "sms"
    brand_typing_s = 25.0
    consumer_example = "+31612345678"
    capabilities = Capabilities(
        read_receipts=True, delivered_receipts=True, quick_replies=True, images=True, location=True, profile=True
    )  # fmt: skip

    def __init__(self, kernel: Kernel, courier: Courier) -> None:
        super().__init__(kernel, courier)
        self.contents = Contents(self)
        self.files: dict[str, str] = {}  # by media SID: where the bytes are

    # ---- lines and people ----------------------------------------------------------------------------------------------------

    def read_line(self, address: str, body: Json) -> TwilioLine:
        fields = Fields(body, "a Twilio line")
        line = TwilioLine(
            provider=self.slug,
            address=address,
            name=fields.get("name", address),
            auto_delivered=fields.get("auto_delivered", True),
            auto_read=fields.get("auto_read", False),
            account_sid=fields.need("account_sid", str),
            auth_token=fields.need("auth_token", str),
            callback_url=fields.get("callback_url", ""),
            messaging_service_sid=fields.get("messaging_service_sid", ""),
            mms=fields.get("mms", False),
            advanced_opt_out=fields.get("advanced_opt_out", False),
            templates=tuple(map(read_template, fields.get("templates", []))),
        )
        fields.done()
        if not NUMBER.fullmatch(address.removeprefix(WHATSAPP)):
            raise ValueError(f"a Twilio line is a number with + and country code, on WhatsApp with {WHATSAPP} before it; got {address}")
        if line.auto_read and not line.is_whatsapp:
            raise ValueError("SMS has no read receipts: auto_read is for WhatsApp senders")
        return line

    def canonical(self, consumer_id: str) -> str:
        if not NUMBER.fullmatch(consumer_id.removeprefix(WHATSAPP)):
            raise ValueError(f"people at Twilio are numbers with + and country code; got {consumer_id}")
        return consumer_id

    def phone(self, line: Line, consumer_id: str) -> Phone:
        return super().phone(line, _on(line, consumer_id))

    def peek(self, line: Line, consumer_id: str) -> Phone:
        return super().peek(line, _on(line, consumer_id))

    def new_id(self) -> str:
        return "SM" + secrets.token_hex(16)

    def forget_phones(self) -> None:
        super().forget_phones()
        self.contents.forget()
        self.files.clear()

    def writes(self, line: TwilioLine, consumer_id: str, kind: str, text: str, message_id: str = "", **fields: Any) -> Acted:
        if kind == "location" and not line.is_whatsapp:
            raise Refused("an SMS carries no locations")
        if kind in ("image", "file") and not message_id:
            message_id = "MM" + secrets.token_hex(16)
        if not line.is_whatsapp:
            fields["segments"] = asdict(segments(text))
            word = text.strip().upper()
            if word in STOP_WORDS | START_WORDS:
                self.phone(line, consumer_id).profile.blocked = word in STOP_WORDS
        return super().writes(line, consumer_id, kind, text, message_id, **fields)

    # ---- callbacks -----------------------------------------------------------------------------------------------------------

    def report_message(self, line: TwilioLine, phone: Phone, message: Message) -> Reported:
        part = self.part(phone, message)
        if not line.callback_url:
            self.kernel.ledger.record("callback.unsubscribed", **part.ledger_fields(), field="message")
            return []
        fields = self._described(line, phone, message)
        url = line.callback_url.partition("#")[0]
        return self.queue(Callback((part,), lambda: _wire(line, url, fields), _accepts(line)))

    def _described(self, line: TwilioLine, phone: Phone, message: Message) -> dict[str, str]:
        """The parameters of a message that comes in."""
        ids = dict.fromkeys(("SmsMessageSid", "SmsSid", "MessageSid"), message["id"])
        fields = {"NumMedia": "0", "NumSegments": "1", **ids, "SmsStatus": "received", "Body": message["text"], "ApiVersion": "2010-04-01"}
        fields |= {"AccountSid": line.account_sid, "From": phone.consumer_id, "To": line.address}
        if line.messaging_service_sid:
            fields["MessagingServiceSid"] = line.messaging_service_sid
        if line.is_whatsapp:
            name = f"{phone.profile.first_name} {phone.profile.last_name}".strip() or "Somebody"
            wa_id = phone.consumer_id.removeprefix(f"{WHATSAPP}+")
            kind = {"image": "image", "location": "location", "file": message.get("media_type", "")}.get(message["type"], "text")
            fields |= {"ProfileName": name, "WaId": wa_id, "MessageType": "document" if kind == "file" else kind, "ReferralNumMedia": "0"}
        else:
            blanks = ("City", "State", "Zip")
            fields |= {f"{end}{blank}": "" for end in ("From", "To") for blank in blanks} | {"FromCountry": "NL", "ToCountry": "NL"}
            fields["NumSegments"] = str(message["segments"]["count"])
            word = message["text"].strip().upper()
            if line.advanced_opt_out and word in STOP_WORDS | START_WORDS:
                fields["OptOutType"] = "STOP" if word in STOP_WORDS else "START"
        if message["type"] in ("image", "file"):
            media = "ME" + secrets.token_hex(16)
            self.files[media] = message["url"]
            path = f"/2010-04-01/Accounts/{line.account_sid}/Messages/{message['id']}/Media/{media}"
            fields |= {
                "NumMedia": "1",
                "MediaUrl0": f"{self.kernel.base_url}/twilio{path}",
                "MediaContentType0": MIME_TYPES[message["media_type"]],
            }
        if message["type"] == "location":
            fields |= {"Latitude": str(message["latitude"]), "Longitude": str(message["longitude"]), "Label": message["title"]}
        if selected := message.get("selected"):
            names = ("ListTitle", "ListId") if selected["kind"] == "list" else ("ButtonText", "ButtonPayload")
            fields |= {names[0]: selected["title"], names[1]: selected["payload"]}
            fields["MessageType"] = "interactive" if selected["kind"] == "list" else "button"
            fields |= {"OriginalRepliedMessageSid": selected["message_id"], "OriginalRepliedMessageSender": line.address}
        return fields

    def report_delivered(self, line: TwilioLine, phone: Phone, messages: list[Message], body: Json) -> Reported:
        """``body["status"]``: "delivered" (or nothing), or "undelivered" and "failed" with ``body["error_code"]``."""
        word = str(body.get("status", "delivered"))
        phone.mark(messages, "delivered" if word == "delivered" else "failed")
        return self._report_status(line, phone, messages, word, str(body.get("error_code", "")))

    def report_read(self, line: TwilioLine, phone: Phone, messages: list[Message]) -> Reported:
        if not line.is_whatsapp:
            raise Refused("SMS has no read receipts")
        return self._report_status(line, phone, messages, "read")

    def _report_status(self, line: TwilioLine, phone: Phone, messages: list[Message], word: str, error_code: str = "") -> Reported:
        reported: Reported = []
        for message in messages:
            url = message.get("status_callback", "")
            if url:
                fields = {"SmsSid": message["id"], "MessageSid": message["id"], "SmsStatus": word, "MessageStatus": word}
                fields |= {"To": phone.consumer_id, "From": line.address, "AccountSid": line.account_sid, "ApiVersion": "2010-04-01"}
                fields |= {"ErrorCode": error_code} if error_code else {}
                fields |= {"ChannelPrefix": "whatsapp", "EventType": word.upper()} if line.is_whatsapp else {}
                wire = _wire(line, url, fields)
                reported += self.queue(Callback((self.part(phone),), lambda wire=wire: wire, _accepts(line)))  # type: ignore[misc]
        return reported

    # ---- the Messages resource and the Content API -----------------------------------------------------------------------------

    def routes(self) -> list[web.RouteDef]:
        account = "/twilio/2010-04-01/Accounts/{account}"
        return [web.post(f"{account}/Messages.json", self._send), *self.contents.routes(), *Account(self).routes(account)]

    def lines_of(self, request: web.Request) -> list[TwilioLine]:
        """The lines of the account that calls.

        Raises:
            TwilioError: no account logs in so, or another than the one in the path.
        """
        try:
            given = BasicAuth.decode(request.headers.get("Authorization", ""), encoding="utf-8")
        except ValueError:
            raise TwilioError(20003, "Authenticate", status=401) from None
        lines = [line for line in self.lines.values() if line.account_sid == given.login]
        if not lines or not hmac.compare_digest(lines[0].auth_token.encode(), given.password.encode()):
            raise TwilioError(20003, "Authenticate", status=401)
        if request.match_info.get("account", given.login) != given.login:
            raise TwilioError(20404, f"The requested resource {request.path} was not found", status=404)
        return lines

    async def _send(self, request: web.Request) -> web.Response:
        raw = (await request.read()).decode("utf-8", "replace")

        async def effect() -> web.Response:
            form = Form(parse_qs(raw, keep_blank_values=True))
            media = [await look_at(self.courier.session, url) for url in form.all("MediaUrl") if url.startswith(("http://", "https://"))]
            address = form.get("From") or form.get("MessagingServiceSid")
            try:
                line = self._sender(self.lines_of(request), form)
                address = line.address
                return web.json_response(self._accept(line, form, media), status=201)
            except TwilioError as error:
                self.refuses(address, form.get("To"), str(error), code=str(error.code), status=error.status)
                return web.json_response(error.body(), status=error.status)

        return await answer_with_faults(self.kernel, "twilio.send", request, effect, refusal_body)

    @staticmethod
    def _sender(lines: list[TwilioLine], form: Form) -> TwilioLine:
        sender, service = form.get("From"), form.get("MessagingServiceSid")
        if not sender and not service:
            refuse(21603, "A 'From' phone number is required.")
        found = next((line for line in lines if (line.address == sender if sender else line.messaging_service_sid == service)), None)
        if found is None:
            if sender.startswith(WHATSAPP):
                refuse(63007, "Twilio could not find a Channel with the specified From address")
            refuse(21606 if sender else 21705, f"{sender or service} is not a valid sender for this account")
        return found

    def _accept(self, line: TwilioLine, form: Form, media: list[Media]) -> Json:
        to = check_recipient(form, is_whatsapp=line.is_whatsapp)
        check_message(form, is_whatsapp=line.is_whatsapp, takes_media=line.mms)
        check_media(media, is_whatsapp=line.is_whatsapp)
        place = read_place(form)
        content = self.contents.of(line, form)
        phone = self.phone(line, to)
        if phone.profile.blocked and not line.is_whatsapp:
            refuse(21610, "Attempt to send to unsubscribed recipient")
        body = form.get("Body")
        fields: Json = {"status_callback": form.get("StatusCallback")}
        kind, text = "text", body
        if content is not None:
            text = content.body
            if content.buttons and line.is_whatsapp:  # an SMS is the words alone
                kind = "template"
                card: Json = {"title": "", "subtitle": text, "image_url": "", "buttons": content.buttons}
                fields["cards"] = [{**card, "menu": content.menu} if content.menu else card]
        elif media:
            kind, fields["url"] = media[0].kind, media[0].url
            if line.is_whatsapp and not media[0].carries_words:
                text = ""
        elif place is not None:
            kind = "location"
            fields |= {"latitude": place[0], "longitude": place[1], "title": body or place[2]}
        if not line.is_whatsapp:
            fields["segments"] = asdict(segments(text))
        sid = ("MM" if media else "SM") + secrets.token_hex(16)
        if line.is_whatsapp and (code := self._undeliverable(phone, content)):
            # Twilio takes the message and tells of WhatsApp's refusal later. Nothing arrives.
            self.refuses(line.address, to, "WhatsApp refused", code=code)
            lost: Message = {"id": sid, "status_callback": fields["status_callback"]}
            self._report_status(line, phone, [lost], "failed", code)
        else:
            self.lands(line, phone, kind, text, sid, **fields)
        count = str(fields["segments"]["count"]) if "segments" in fields else "1"
        ours = {"sid": sid, "account_sid": line.account_sid, "from": line.address, "to": to, "body": body, "num_media": str(len(media))}
        return {**ours, "status": "queued", "num_segments": count, "error_code": None, "error_message": None, "api_version": "2010-04-01"}

    @staticmethod
    def _undeliverable(phone: Phone, content: Content | None) -> str:
        """Twilio's code of what WhatsApp says of this person and of this template; empty where the message goes."""
        if phone.profile.blocked:
            return "63033"
        if content is not None and content.approval:
            return {"paused": "63041", "rejected": "63040"}.get(content.approval, "")
        is_open = phone.last_wrote_at_ms is not None and now_ms() - phone.last_wrote_at_ms <= WINDOW_MS
        return "" if is_open else "63016"


def _on(line: Line, consumer_id: str) -> str:
    """The consumer's number as it is written on this line."""
    bare = consumer_id.removeprefix(WHATSAPP)
    return WHATSAPP + bare if line.address.startswith(WHATSAPP) else bare


def _accepts(line: TwilioLine) -> Any:
    return (lambda status: 200 <= status < 400) if line.repeats else (lambda status: True)


def _wire(line: TwilioLine, url: str, fields: dict[str, str]) -> Wire:
    """The callback, signed: the address as it is called, then each parameter's name and value in the order of the names."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(line.auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
        "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        "User-Agent": "TwilioProxy/1.1",
    }
    return Wire("POST", url, headers, urlencode(fields).encode())
