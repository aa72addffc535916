"""Plivo: numbers and powerpacks, the callbacks that Plivo makes, and its own obedience to STOP. What the platform calls is in ``plivo_api``.

Source: https://www.plivo.com/docs/messaging/api/message (handling-incoming, message-status-callbacks) and ``signature_v3.py`` of
plivo-python 4.63.0, read 2026-11.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import uuid
from dataclasses import asdict, dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web

from sandbox.kernel import Kernel
from sandbox.phones.base import Acted, Capabilities, Refused, Reported, Simulator
from sandbox.phones.callbacks import Callback, Courier, Wire
from sandbox.phones.fields import Fields
from sandbox.phones.gsm7 import segments
from sandbox.phones.plivo_api import Api, Outgoing
from sandbox.phones.state import Line, Message, Phone

STOP_WORDS = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit"}
START_WORDS = {"start", "unstop", "yes"}
FAILURES = {"failed": "300", "undelivered": "80", "rejected": "10"}  # and the error code where none is asked for


@dataclass(kw_only=True)
class PlivoLine(Line):
    """A number, or a powerpack with this number in it, and the account that it belongs to."""

    auth_id: str
    auth_token: str
    app_id: str = ""
    powerpack_uuid: str = ""
    mms: bool = True  # the number can send and receive MMS
    protects_media: bool = True  # a consumer's file is given out for the log-in only
    obeys_stop: bool = True  # as Plivo does in the USA and Canada
    signature_version: str = "v3"  # v2 is all that Plivo's messaging pages name

    def public(self) -> dict[str, Any]:
        return {**super().public(), "auth_id": self.auth_id, "app_id": self.app_id, "powerpack_uuid": self.powerpack_uuid}


def sign(url: str, fields: dict[str, str], nonce: str, auth_token: str) -> str:
    """The ``X-Plivo-Signature-V3`` of a POST of ``fields`` to ``url``."""
    parts = urlsplit(url)
    query = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True)))
    glued = "".join(f"{name}{fields[name]}" for name in sorted(fields))
    words = f"{parts.scheme}://{parts.netloc}{parts.path}?{query}{'.' if query else ''}{glued}.{nonce}"
    return base64.b64encode(hmac.new(auth_token.encode(), words.encode(), "sha256").digest()).decode()


def sign_address(url: str, nonce: str, auth_token: str) -> str:
    """The ``X-Plivo-Signature-V2`` of any call of ``url``."""
    parts = urlsplit(url)
    words = f"{parts.scheme}://{parts.netloc}{parts.path}{nonce}"
    return base64.b64encode(hmac.new(auth_token.encode(), words.encode(), "sha256").digest()).decode()


class Plivo(Simulator[PlivoLine]):
    slug = "plivo"
    title = "Plivo SMS"
    look = "sms"
    consumer_example = "15550142"
    capabilities: ClassVar[Capabilities] = Capabilities(delivered_receipts=True, images=True)

    def __init__(self, kernel: Kernel, courier: Courier) -> None:
        super().__init__(kernel, courier)
        self.api = Api(self)
        self.media: dict[str, tuple[PlivoLine, str]] = {}  # a consumer's files: whose they are, and where their bytes are
        self._stopped: set[tuple[str, str]] = set()  # (address, consumer) that Plivo sends nothing to

    # ---- lines and people ----------------------------------------------------------------------------------------------------

    def routes(self) -> list[web.RouteDef]:
        return self.api.routes()

    def read_line(self, address: str, body: dict[str, Any]) -> PlivoLine:
        fields = Fields(body, "a Plivo line")
        message_url = fields.get("message_url", "")
        line = PlivoLine(
            provider=self.slug,
            address=address,
            name=fields.get("name", address),
            auto_delivered=fields.get("auto_delivered", True),
            auth_id=fields.need("auth_id", str),
            auth_token=fields.need("auth_token", str),
            powerpack_uuid=fields.get("powerpack_uuid", ""),
            mms=fields.get("mms", True),
            protects_media=fields.get("protects_media", True),
            obeys_stop=fields.get("obeys_stop", True),
            signature_version=fields.one_of("signature_version", ("v3", "v2")),
        )
        fields.done()
        if not re.fullmatch(r"\d{3,15}", address):
            raise ValueError("a Plivo number is its digits with the country code, without a plus")
        if not re.fullmatch(r"[MS]A[A-Z0-9]{18}", line.auth_id):
            raise ValueError("the auth_id of a Plivo line is MA (or SA) and 18 capitals and digits")
        if message_url:
            line.app_id = self.api.make_application(line.auth_id, {"app_name": line.name, "message_url": message_url})
        return line

    def canonical(self, consumer_id: str) -> str:
        """Digits without a plus, however they came; names as they are."""
        digits = re.sub(r"[\s()+-]", "", consumer_id)
        return digits if digits.isdecimal() else consumer_id.strip()

    def new_id(self) -> str:
        return str(uuid.uuid4())

    def writes(self, line: PlivoLine, consumer_id: str, kind: str, text: str, message_id: str = "", **fields: Any) -> Acted:
        if kind != "text" and not line.mms:
            raise Refused(f"{line.address} has no MMS: it carries texts only")
        if kind == "text":
            fields["segments"] = asdict(segments(text))
        return super().writes(line, consumer_id, kind, text, message_id, **fields)

    def forget_phones(self) -> None:
        super().forget_phones()
        self.media.clear()
        self._stopped.clear()

    # ---- towards the platform ------------------------------------------------------------------------------------------------

    def report_message(self, line: PlivoLine, phone: Phone, message: Message) -> Reported:
        is_sms = message["type"] == "text"
        fields = {
            "From": phone.consumer_id,
            "To": line.address,
            "Type": "sms" if is_sms else "mms",
            "Text" if is_sms else "Body": message["text"],
            "MessageUUID": message["id"],
            "Units": str(segments(message["text"]).count),
            "TotalRate": "0.00000",
            "TotalAmount": "0.00000",
            "MessageIntent": self._intent(line, phone, message),
            "PowerpackUUID": line.powerpack_uuid,
        }
        if not is_sms:
            media_id = secrets.token_hex(16)
            self.media[media_id] = (line, message["url"])
            fields |= {"MediaCount": "1", "Media1": f"{self.kernel.base_url}/plivo/media/{media_id}"}
        url = self.api.applications.get(line.app_id, {}).get("message_url", "")
        return self._call(line, url, fields, phone, message)

    def _intent(self, line: PlivoLine, phone: Phone, message: Message) -> str:
        """What Plivo takes the message for, where it listens; it remembers who stopped."""
        word, key = message["text"].strip().lower(), (line.address, phone.consumer_id)
        if not line.obeys_stop or message["type"] != "text":
            return ""
        if word in STOP_WORDS:
            self._stopped.add(key)
            return "optout"
        if word in START_WORDS and key in self._stopped:
            self._stopped.discard(key)
            return "optin"
        return ""

    def report_delivered(self, line: PlivoLine, phone: Phone, messages: list[Message], body: dict[str, Any]) -> Reported:
        """``body["status"]``: "delivered" (or nothing), "failed", "undelivered" or "rejected", with ``body["code"]`` of Plivo's list."""
        word = str(body.get("status", "delivered"))
        if word != "delivered" and word not in FAILURES:
            raise ValueError(f"status is delivered, {', '.join(FAILURES)}")
        phone.mark(messages, "delivered" if word == "delivered" else "failed")
        return [
            reported
            for message in messages
            for reported in self._report(line, phone, message, word, str(body.get("code", FAILURES.get(word, "000"))))
        ]

    def _report(self, line: PlivoLine, phone: Phone, message: Message, word: str, code: str = "") -> Reported:
        """A report on each part of ``message``. The first part's id is the whole's. Plivo's pages tell of one report only: this is the harder case."""
        reported: Reported = []
        units = str(len(message["part_ids"]))
        for number, part_id in enumerate(message["part_ids"], 1):
            fields = {
                "From": line.address,
                "To": phone.consumer_id,
                "Type": "mms" if message.get("urls") else "sms",
                "MessageUUID": part_id,
                "ParentMessageUUID": message["id"],
                "PartInfo": f"{number} of {units}",
                "Status": word,
                "ErrorCode": code,
                "TotalRate": "0.00350",
                "TotalAmount": "0.00350",
                "Units": units,
                "MCC": "310",
                "MNC": "004",
            }
            reported += self._call(line, message["status_url"], fields, phone)
        return reported

    def _call(self, line: PlivoLine, url: str, fields: dict[str, str], phone: Phone, message: Message | None = None) -> Reported:
        part = self.part(phone, message)
        if not url:
            self.kernel.ledger.record("callback.unsubscribed", **part.ledger_fields(), field="no address")
            return []

        def request() -> Wire:
            nonce = "".join(secrets.choice("0123456789") for _ in range(20))
            name, is_v3 = f"X-Plivo-Signature-{line.signature_version.upper()}", line.signature_version == "v3"
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                name: sign(url, fields, nonce, line.auth_token) if is_v3 else sign_address(url, nonce, line.auth_token),
                f"{name}-Nonce": nonce,
            }
            return Wire("POST", url, headers, urlencode(fields).encode())

        return self.queue(Callback((part,), request, lambda status: 200 <= status < 300))

    # ---- what the brand does -------------------------------------------------------------------------------------------------

    def accept(self, line: PlivoLine, outgoing: Outgoing) -> str:
        """Take a message: it lands, or is reported as failed to somebody who stopped. Its id."""
        phone = self.phone(line, outgoing.to)
        count = 1 if outgoing.urls else segments(outgoing.text).count
        part_ids = [self.new_id() for _ in range(count)]
        sent: dict[str, Any] = {"status_url": outgoing.status_url, "part_ids": part_ids}
        if phone.profile.blocked or (line.address, outgoing.to) in self._stopped:
            self.refuses(line.address, outgoing.to, "blocked by STOP", code=200)
            self._report(line, phone, {"id": part_ids[0], **sent}, "failed", "200")
            return part_ids[0]
        if outgoing.urls:
            # A picture is drawn, anything else is a link; the first says what the bubble is.
            is_picture = outgoing.urls[0].partition("?")[0].lower().endswith((".jpg", ".jpeg", ".png", ".gif"))
            shown: dict[str, Any] = {"url": outgoing.urls[0], "urls": list(outgoing.urls)}
            message = self.lands(line, phone, "image" if is_picture else "file", outgoing.text, part_ids[0], **shown, **sent)
        else:
            message = self.lands(line, phone, "text", outgoing.text, part_ids[0], segments=asdict(segments(outgoing.text)), **sent)
        self._report(line, phone, message, "queued")
        self._report(line, phone, message, "sent")
        return part_ids[0]
