"""Messenger: pages of Meta apps.

Source: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events and .../reference/send-api (checked 2026-11).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from aiohttp import web

from sandbox.phones.base import Capabilities, LineRefused, Reported
from sandbox.phones.fields import Fields
from sandbox.phones.meta import Event, MetaLine, MetaSimulator
from sandbox.phones.meta_forms import MESSENGER, GraphError, Rules
from sandbox.phones.meta_graph import MetaGraph, no_such_object, pick_fields, read_params
from sandbox.phones.state import Message, Phone

Json = dict[str, Any]


@dataclass(kw_only=True)
class MessengerLine(MetaLine):
    """A page, with the Meta app that it belongs to. ``app_fields``: what the app's webhook is told of its pages; nothing: it has none."""

    app_fields: tuple[str, ...]

    def public(self) -> dict[str, Any]:
        return {**super().public(), "app_fields": list(self.app_fields)}


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
        app_fields = tuple(fields.get("app_fields", sorted(MessengerGraph.subscribable)))
        line = MessengerLine(**self.read_common(address, fields), app_fields=app_fields)
        fields.done()
        return self.fits(line)

    # ---- events --------------------------------------------------------------------------------------------------------------

    def report(
        self, line: MessengerLine, phone: Phone, kind: str, happened: Event, message: Message | None = None, *, is_echo: bool = False
    ) -> Reported:
        """Nothing is told of what the app's webhook is not ticked for, be the page subscribed to it or not."""
        if kind not in line.app_fields:
            self.kernel.ledger.record("callback.unsubscribed", **self.part(phone, message).ledger_fields(), field=kind)
            return []
        return super().report(line, phone, kind, happened, message, is_echo=is_echo)

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

    def routes(self) -> list[web.RouteDef]:
        return [web.post(f"{self.prefix}/{{version}}/{{node}}/subscriptions", self.guarded(self._set_webhook)), *super().routes()]

    def webhook_fields(self, line: MessengerLine) -> Collection[str]:
        return line.app_fields

    async def _set_webhook(self, request: web.Request) -> web.Response:
        """Another address for the app's pages, which has to answer the challenge at once. Instagram's is entered by hand only.

        Source: https://developers.facebook.com/docs/graph-api/reference/app/subscriptions and
        https://developers.facebook.com/docs/messenger-platform/instagram/features/webhook (checked 2026-11).
        """
        lines, params = self.lines_of_app(request), await read_params(request)
        wanted = {name.strip() for name in str(params.get("fields", "")).split(",") if name.strip()}
        address, verify_token = str(params.get("callback_url", "")), str(params.get("verify_token", ""))
        if params.get("object") != "page":
            raise GraphError("(#100) Param object must be one of {page}")
        if not wanted or wanted - self.subscribable:
            raise GraphError(f"(#100) Param fields must be of {{{', '.join(sorted(self.subscribable))}}}")
        if not verify_token or not address.startswith(("https://", "http://")):
            raise GraphError("(#100) The parameters callback_url and verify_token are required.")
        try:
            await self._simulator.connect(replace(lines[0], callback_url=address, verify_token=verify_token), {})
        except LineRefused as error:
            raise GraphError(f"(#2200) Callback verification failed with the following errors: {error}", code=2200) from error
        for line in lines:
            line.callback_url, line.verify_token, line.app_fields = address, verify_token, tuple(sorted(wanted))
        return web.json_response({"success": True})

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
            "locale": "nl_NL",
        }
        return pick_fields(known, names)
