"""WhatsApp: business numbers of Meta apps, and the webhooks that the Cloud API sends about them.

The API that a platform calls is in ``whatsapp_graph``, what it takes as a message in ``whatsapp_forms``. A person is written as a
business-scoped user id. ``US.15550100031`` shows the number 15550100031, ``BR.H77`` hides it; bare digits are somebody from before user ids.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks and
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (checked 2026-11).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.kernel import Kernel, now_ms
from sandbox.phones.base import Acted, Capabilities, LineRefused, Refused, Reported, Simulator
from sandbox.phones.callbacks import Callback, Courier, Part, Wire
from sandbox.phones.fields import Fields
from sandbox.phones.meta import encode, sign
from sandbox.phones.state import Line, Message, Phone
from sandbox.phones.whatsapp_forms import Template, read_template
from sandbox.phones.whatsapp_graph import CloudApi
from sandbox.phones.whatsapp_products import Catalogue, read_catalogue

PERSON = re.compile(r"[1-9]\d{6,14}|[A-Z]{2}\.[A-Za-z0-9]{1,128}")
SHOWN_NUMBER = re.compile(r"(?:[A-Z]{2}\.)?([1-9]\d{6,14})")
MEDIA_KINDS = {"image": "image", "file": "document", "audio": "audio", "video": "video"}
MIME_TYPES = {"image": "image/jpeg", "document": "application/pdf", "audio": "audio/ogg; codecs=opus", "video": "video/mp4"}

SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")

Json = dict[str, Any]


@dataclass(kw_only=True)
class WhatsAppLine(Line):
    """A number, with its business account and the Meta app that the account is subscribed to."""

    waba_id: str
    display_phone_number: str
    app_id: str
    app_secret: str
    verify_token: str
    access_token: str
    callback_url: str
    override_callback_uri: str = ""  # the business account has a callback address of its own
    subscribed: bool = True  # the business account is subscribed to the app
    require_proof: bool = False  # the app wants an appsecret_proof beside the token
    token_expires_at: int = 0  # in seconds since 1970; 0: never
    token_scopes: tuple[str, ...] = SCOPES
    templates: tuple[Template, ...] = field(default=())
    catalogue: Catalogue = field(default_factory=Catalogue)

    @property
    def target(self) -> str:
        return self.override_callback_uri or self.callback_url

    def public(self) -> Json:
        return {
            **super().public(),
            "waba_id": self.waba_id,
            "display_phone_number": self.display_phone_number,
            "app_id": self.app_id,
            "callback_url": self.target,
            "subscribed": self.subscribed,
            "templates": [f"{template.name} ({template.language})" for template in self.templates],
        }


@dataclass
class Stored:
    """A file that a consumer sent: where its bytes are."""

    url: str
    mime_type: str
    line: WhatsAppLine


class WhatsApp(Simulator[WhatsAppLine]):
    slug = "whatsapp"
    title = "WhatsApp"
    look = "whatsapp"
    consumer_example = "US.15550100031"
    capabilities = Capabilities(read_receipts=True, delivered_receipts=True, quick_replies=True, images=True, location=True, profile=True)
    brand_typing_s = 25.0

    def __init__(self, kernel: Kernel, courier: Courier) -> None:
        super().__init__(kernel, courier)
        self.media: dict[str, Stored] = {}  # by media id
        self.pairs_free_at_ms: dict[tuple[str, str], int] = {}  # by number and person: until when messages have borrowed

    def new_id(self) -> str:
        return "wamid." + base64.b64encode(secrets.token_bytes(36)).decode()

    def canonical(self, consumer_id: str) -> str:
        if not PERSON.fullmatch(consumer_id):
            raise ValueError(f"people on WhatsApp are user ids such as {self.consumer_example}, or numbers without +; got {consumer_id}")
        return consumer_id

    def routes(self) -> list[web.RouteDef]:
        return CloudApi(self).routes()

    def forget_phones(self) -> None:
        super().forget_phones()
        self.media.clear()
        self.pairs_free_at_ms.clear()

    # ---- lines ---------------------------------------------------------------------------------------------------------------

    def read_line(self, address: str, body: Json) -> WhatsAppLine:
        fields = Fields(body, "a WhatsApp line")
        fields.get("handshake", True)
        line = WhatsAppLine(
            provider=self.slug,
            address=address,
            name=fields.get("name", address),
            auto_delivered=fields.get("auto_delivered", True),
            auto_read=fields.get("auto_read", False),
            waba_id=fields.need("waba_id", str),
            display_phone_number=fields.get("display_phone_number", "15550100"),
            app_id=fields.need("app_id", str),
            app_secret=fields.need("app_secret", str),
            verify_token=fields.need("verify_token", str),
            access_token=fields.need("access_token", str),
            callback_url=fields.need("callback_url", str),
            subscribed=fields.get("subscribed", True),
            require_proof=fields.get("require_proof", False),
            token_expires_at=fields.get("token_expires_at", 0),
            token_scopes=tuple(map(str, fields.get("token_scopes", list(SCOPES)))),
            templates=tuple(map(read_template, fields.get("templates", []))),
            catalogue=read_catalogue(fields.get("catalogue", {})),
        )
        fields.done()
        if not address.isdigit():
            raise ValueError(f"the address of a WhatsApp line is its phone number id, in digits; got {address}")
        for other in self.lines.values():
            same_app = (other.app_secret, other.verify_token, other.callback_url) == (line.app_secret, line.verify_token, line.callback_url)
            if other.address != address and other.app_id == line.app_id and not same_app:
                raise ValueError(f"number {other.address} has app {line.app_id} with another app_secret, verify_token or callback_url")
        return line

    async def connect(self, line: WhatsAppLine, body: Json) -> str:
        if body.get("handshake") is False:
            return "skipped"
        if problem := await self.challenge(line.callback_url, line.verify_token):
            raise LineRefused(f"the callback URL couldn't be validated: {problem}")
        return "ok"

    async def challenge(self, url: str, verify_token: str) -> str:
        """What was wrong with the answer to Meta's set-up challenge; empty where nothing was."""
        challenge = str(secrets.randbelow(10**10))
        query = {"hub.mode": "subscribe", "hub.verify_token": verify_token, "hub.challenge": challenge}
        try:
            async with self.courier.session.get(url, params=query, allow_redirects=False) as answer:
                got = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"{url} did not answer ({type(error).__name__})"
        if answer.status != 200:
            return f"it answered {answer.status} to the challenge, not 200"
        return "" if got == challenge.encode() else f"it answered {got[:80]!r}, not the challenge {challenge}"

    # ---- webhooks ------------------------------------------------------------------------------------------------------------

    def report_message(self, line: WhatsAppLine, phone: Phone, message: Message) -> Reported:
        return self._report(line, [(self.part(phone, message), self._message_change(line, phone, message))])

    def report_delivered(self, line: WhatsAppLine, phone: Phone, messages: list[Message], body: Json) -> Reported:
        phone.mark(messages, "delivered")
        return self._report_statuses(line, phone, "delivered", [message["id"] for message in messages])

    def report_read(self, line: WhatsAppLine, phone: Phone, messages: list[Message]) -> Reported:
        return self._report_statuses(line, phone, "read", [message["id"] for message in messages])

    def report_failed(self, line: WhatsAppLine, phone: Phone, message_id: str, error: Json) -> Reported:
        """Tell the platform that a message which the API had taken did not arrive."""
        return self._report_statuses(line, phone, "failed", [message_id], errors=[error])

    def batch(self, messages: list[tuple[WhatsAppLine, str, str]]) -> list[Acted]:
        if len({line.target for line, _, _ in messages}) > 1:
            raise Refused("one callback goes to one address; these numbers have several")
        acted: list[str] = []
        told: list[tuple[Part, Json]] = []
        for line, consumer_id, text in messages:
            phone = self.phone(line, consumer_id)
            message = phone.add(self.new_id(), "out", "text", text)
            self.kernel.ledger.record("consumer.message", **self._who(phone), id=message["id"], text=text)
            self.changed(phone)
            acted.append(message["id"])
            told.append((self.part(phone, message), self._message_change(line, phone, message)))
        reported = self._report(messages[0][0], told) if messages else []
        return [Acted(message_id, reported) for message_id in acted]

    def _message_change(self, line: WhatsAppLine, phone: Phone, message: Message) -> Json:
        content = {**person(phone), "id": message["id"], "timestamp": str(message["at_ms"] // 1000), **self._content(line, phone, message)}
        return self._change(line, {"contacts": [contact(phone)], "messages": [content]})

    def _content(self, line: WhatsAppLine, phone: Phone, message: Message) -> Json:
        if selected := message.get("selected"):
            context = {"from": line.display_phone_number, "id": selected["message_id"]}
            if selected["kind"] == "template_button":
                return {"context": context, "type": "button", "button": {"payload": selected["payload"], "text": selected["title"]}}
            if selected["kind"] == "product":
                return {"context": context, "type": "order", "order": line.catalogue.order(selected["payload"])}
            reply = {"id": selected["payload"], "title": selected["title"]}
            if description := _description(phone, selected):
                reply["description"] = description
            return {"context": context, "type": "interactive", "interactive": {"type": selected["kind"], selected["kind"]: reply}}
        match message["type"]:
            case "location":
                place = {"latitude": message["latitude"], "longitude": message["longitude"], "name": message["title"]}
                return {"type": "location", "location": place}
            case "image" | "file":
                kind = MEDIA_KINDS[message["media_type"]]
                media = self._store(line, kind, message["url"])
                if message["text"] and kind != "audio":
                    media["caption"] = message["text"]
                return {"type": kind, kind: media}
            case _:
                return {"type": "text", "text": {"body": message["text"]}}

    def _store(self, line: WhatsAppLine, kind: str, url: str) -> Json:
        media_id = str(10**15 + secrets.randbelow(10**15))
        mime_type = MIME_TYPES[kind]
        self.media[media_id] = Stored(url, mime_type, line)
        # Of the address: the bytes are not looked at before they are asked for.
        digest = base64.b64encode(hashlib.sha256(url.encode()).digest()).decode()
        media: Json = {"mime_type": mime_type, "sha256": digest, "id": media_id}
        if kind == "document":
            media["filename"] = "document.pdf"
        if kind == "audio":
            media["voice"] = True
        return media

    def _report_statuses(self, line: WhatsAppLine, phone: Phone, status: str, ids: list[str], **more: Any) -> Reported:
        who = person(phone)
        named = {"recipient_id": who.get("from"), "recipient_user_id": who.get("from_user_id")}
        recipient = {key: value for key, value in named.items() if value}
        frame = {"status": status, "timestamp": str(now_ms() // 1000), **recipient, **more}
        if status in ("delivered", "read"):
            frame["pricing"] = {"billable": False, "pricing_model": "PMP", "category": "service", "type": "free_customer_service"}
        statuses = [{"id": message_id, **frame} for message_id in ids]
        return self._report(line, [(self.part(phone), self._change(line, {"contacts": [contact(phone)], "statuses": statuses}))])

    @staticmethod
    def _change(line: WhatsAppLine, content: Json) -> Json:
        metadata = {"display_phone_number": line.display_phone_number, "phone_number_id": line.address}
        value = {"messaging_product": "whatsapp", "metadata": metadata, **content}
        return {"id": line.waba_id, "changes": [{"value": value, "field": "messages"}]}

    def _report(self, line: WhatsAppLine, told: list[tuple[Part, Json]]) -> Reported:
        """Queue one callback. Nothing is queued for a business account that is not subscribed to its app."""
        if not line.subscribed:
            for part, _ in told:
                self.kernel.ledger.record("callback.unsubscribed", **part.ledger_fields(), field="messages")
            return []
        body = encode({"object": "whatsapp_business_account", "entry": [entry for _, entry in told]})
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature": sign(body, line.app_secret, "sha1"),
            "X-Hub-Signature-256": sign(body, line.app_secret),
        }
        wire = Wire("POST", line.target, headers, body)
        return self.queue(Callback(tuple(part for part, _ in told), lambda: wire, lambda status: status == 200))

    # ---- what the API does to phones ------------------------------------------------------------------------------------------

    def fails_later(self, line: WhatsAppLine, phone: Phone, message_id: str, error: Json) -> None:
        """A message that was taken turns out not to be deliverable, as WhatsApp finds out after it has answered."""
        self.refuses(line.address, phone.consumer_id, error["title"], code=error["code"])
        asyncio.get_running_loop().call_soon(self.report_failed, line, phone, message_id, error)

    def person_at(self, line: WhatsAppLine, number: str) -> Phone | None:
        """The phone with this number that the line knows, whichever way its owner is written."""
        known = (phone for (address, _), phone in self.phones.items() if address == line.address)
        return next((phone for phone in known if person(phone).get("from") == number), None)


def person(phone: Phone) -> Json:
    """How a webhook names the person: by number, by user id, or both."""
    shown = SHOWN_NUMBER.fullmatch(phone.consumer_id)
    named = {"from": shown[1]} if shown else {}
    return {**named, **({"from_user_id": phone.consumer_id} if "." in phone.consumer_id else {})}


def contact(phone: Phone) -> Json:
    """What a webhook tells about the person; everybody on WhatsApp has a name."""
    names = f"{phone.profile.first_name} {phone.profile.last_name}".strip()
    who = person(phone)
    ids = {"wa_id": who.get("from"), "user_id": who.get("from_user_id")}
    return {"profile": {"name": names or "Somebody"}, **{key: value for key, value in ids.items() if value}}


def _description(phone: Phone, selected: Json) -> str:
    """The second line of the row that was tapped."""
    message = phone.find(selected["message_id"])
    buttons = [button for card in (message or {}).get("cards", []) for button in card["buttons"]]
    return next((str(button.get("description", "")) for button in buttons if button["payload"] == selected["payload"]), "")
