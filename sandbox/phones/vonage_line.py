"""A brand's sender at Vonage, with the account and the application that it belongs to.

Source: https://developer.vonage.com/en/api/messages and https://developer.vonage.com/en/api/application.v2 (checked 2026-11).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sandbox.phones.fields import Fields
from sandbox.phones.state import Line
from sandbox.phones.vonage_forms import SENDERS, Json
from sandbox.phones.whatsapp_forms import Template, read_template
from sandbox.phones.whatsapp_products import Catalogue, read_catalogue

METHODS = ("sha256", "sha512", "sha1", "md5", "md5hash")
WEBHOOK_FORMATS = ("POST-JSON", "POST", "GET")
CHANNELS = {"": "sms", "whatsapp": "whatsapp", "rcs": "rcs", "viber": "viber_service", "messenger": "messenger"}
LOOKS = {"": "sms", "whatsapp": "whatsapp", "rcs": "rcs", "viber": "viber", "messenger": "messenger"}
TAKES = {  # what a person can send beside texts
    "whatsapp": ("image", "file", "location"),
    "rcs": ("image", "file", "location"),
    "viber": ("image", "file"),
    "messenger": ("image", "file"),
}


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
    templates: tuple[Template, ...] = ()  # of a WhatsApp sender
    catalogue: Catalogue = field(default_factory=Catalogue)  # of a WhatsApp sender
    kept: Json = field(default_factory=dict)  # what else was written into the application

    @property
    def kind(self) -> str:
        """whatsapp, rcs, viber or messenger; empty for a number."""
        return self.address.partition(":")[0] if ":" in self.address else ""

    @property
    def sender(self) -> str:
        """The sender as calls and callbacks name it."""
        return self.address.rpartition(":")[2]

    def public(self) -> Json:
        shown = {"api": self.api, "application_id": self.application_id, "inbound_url": self.inbound_url, "status_url": self.status_url}
        can = {
            "read_receipts": bool(self.kind),
            "quick_replies": self.kind in ("whatsapp", "rcs"),
            "location": "location" in TAKES.get(self.kind, ()),
            "profile": self.kind == "whatsapp",
        }
        return {**super().public(), **shown, "look": LOOKS[self.kind], "capabilities": can}


def read_line(address: str, body: Json) -> VonageLine:
    """The line that the body of ``PUT /control/lines/vonage/<address>`` describes.

    Raises:
    ValueError: a field is missing, unknown or of the wrong form.
    """
    fields = Fields(body, "a Vonage line")
    line = VonageLine(
        provider="vonage",
        address=address,
        name=fields.get("name", address),
        auto_delivered=fields.get("auto_delivered", True),
        auto_read=fields.get("auto_read", False),
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
        templates=tuple(map(read_template, fields.get("templates", []))),
        catalogue=read_catalogue(fields.get("catalogue", {})),
    )
    fields.done()
    if line.kind not in CHANNELS or not re.fullmatch(SENDERS[CHANNELS[line.kind]], line.sender):
        raise ValueError(
            "a Vonage line is a number's digits without a plus, or a sender with whatsapp:, rcs:, viber: or messenger: before it"
        )
    if line.kind and line.api == "sms":
        raise ValueError("the SMS API is for numbers only")
    if line.auto_read and not line.kind:
        raise ValueError("SMS has no read receipts: auto_read is for other senders")
    if line.api == "messages" and not (line.application_id and line.public_key):
        raise ValueError("a Vonage line with api messages needs application_id and public_key")
    return line
