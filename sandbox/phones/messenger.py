"""Messenger: pages of Meta apps.

Source: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events and .../reference/send-api (checked 2026-11).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, ClassVar

from aiohttp import web

from sandbox.phones.base import Capabilities, Reported
from sandbox.phones.fields import Fields
from sandbox.phones.meta import MetaLine, MetaSimulator
from sandbox.phones.meta_forms import MESSENGER, Rules
from sandbox.phones.meta_graph import MetaGraph, no_such_object, pick_fields
from sandbox.phones.state import Message, Phone

Json = dict[str, Any]


@dataclass(kw_only=True)
class MessengerLine(MetaLine):
    """A page, with the Meta app that it belongs to."""


class Messenger(MetaSimulator[MessengerLine]):
    slug = "messenger"
    title = "Messenger"
    look = "messenger"
    consumer_example = "24500000000000031"
    capabilities = Capabilities(read_receipts=True, delivered_receipts=True, quick_replies=True, images=True, location=True, profile=True)
    webhook_object = "page"
    default_fields = ("messages", "messaging_postbacks", "message_deliveries", "message_reads")
    line_name = "page"
    echo_field = "message_echoes"

    def new_id(self) -> str:
        return "m_" + secrets.token_urlsafe(32)

    def routes(self) -> list[web.RouteDef]:
        return MessengerGraph(self).routes()

    def read_line(self, address: str, body: dict[str, Any]) -> MessengerLine:
        fields = Fields(body, "a Messenger line")
        line = MessengerLine(**self.read_common(address, fields))
        fields.done()
        return self.fits(line)

    # ---- events --------------------------------------------------------------------------------------------------------------

    def report_message(self, line: MessengerLine, phone: Phone, message: Message) -> Reported:
        selected = message.get("selected")
        if selected and selected["kind"] == "postback":
            postback = {"title": selected["title"], "payload": selected["payload"], "mid": message["id"]}
            return self.report(line, phone, "messaging_postbacks", {"postback": postback}, message)
        content: dict[str, Any] = {"mid": message["id"]}
        match message["type"]:
            case "location":
                coordinates = {"lat": message["latitude"], "long": message["longitude"]}
                url = f"https://www.bing.com/maps/?cp={message['latitude']}~{message['longitude']}"
                place = {"type": "location", "title": message["title"], "url": url, "payload": {"coordinates": coordinates}}
                content["attachments"] = [place]
            case "image" | "file":
                content["attachments"] = [{"type": message["media_type"], "payload": {"url": message["url"]}}]
            case _:
                content["text"] = message["text"]
        if selected:
            content["quick_reply"] = {"payload": selected["payload"]}
        return self.report(line, phone, "messages", {"message": content}, message)

    def report_delivered(self, line: MessengerLine, phone: Phone, messages: list[Message], body: dict[str, Any]) -> Reported:
        phone.mark(messages, "delivered")
        delivery: dict[str, Any] = {"watermark": phone.delivered_up_to_ms}
        if body.get("mids", True):
            delivery = {"mids": [message["id"] for message in messages], **delivery}
        return self.report(line, phone, "message_deliveries", {"delivery": delivery})

    def report_read(self, line: MessengerLine, phone: Phone, messages: list[Message]) -> Reported:
        return self.report(line, phone, "message_reads", {"read": {"watermark": phone.read_up_to_ms}})


class MessengerGraph(MetaGraph[MessengerLine]):
    """The Graph API as a page's platform sees it."""

    prefix = "/graph"
    rules: ClassVar[Rules] = MESSENGER
    subscribable = frozenset(
        {
            *("messages", "messaging_postbacks", "message_deliveries", "message_reads", "message_echoes", "message_reactions"),
            *("message_edits", "messaging_referrals", "messaging_optins", "messaging_handovers", "standby"),
            *("messaging_feedback", "response_feedback"),
        }
    )
    scopes = ("pages_messaging", "pages_manage_metadata", "pages_show_list")
    no_user_subcode = 2018001
    window_subcode = 2018278

    def me(self, line: MessengerLine) -> Json:
        return {"id": line.address, "name": line.name}

    def profile(self, request: web.Request, line: MessengerLine, phone: Phone | None, names: list[str]) -> Json:
        if phone is None or not (phone.profile.first_name or phone.profile.last_name):
            raise no_such_object(request, "get")
        profile = phone.profile
        known = {
            "id": phone.consumer_id,
            "name": f"{profile.first_name} {profile.last_name}".strip(),
            "first_name": profile.first_name,
            "last_name": profile.last_name,
            "profile_pic": self.picture,
        }
        return pick_fields(known, names)
