"""Instagram: professional accounts of Meta apps, which logged in at Instagram or are reached through a Facebook page.

Source: https://developers.facebook.com/docs/instagram-platform/webhooks and .../instagram-api-with-instagram-login/messaging-api (checked 2026-11).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, ClassVar

from aiohttp import web

from sandbox.phones.base import Acted, Capabilities, Refused, Reported
from sandbox.phones.fields import Fields
from sandbox.phones.meta import MetaLine, MetaSimulator
from sandbox.phones.meta_forms import INSTAGRAM, GraphError, Rules
from sandbox.phones.meta_graph import MetaGraph, no_such_object, pick_fields
from sandbox.phones.state import Message, Phone

Json = dict[str, Any]

LOGINS = ("instagram", "facebook")


@dataclass(kw_only=True)
class InstagramLine(MetaLine):
    """A professional account. ``app_secret`` signs its callbacks: with the log-in instagram that is the Instagram app secret."""

    login: str
    page_id: str
    username: str
    renewed_token: str = ""  # takes the place of access_token, which stays good until its end

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.access_token, self.renewed_token)))

    @property
    def node(self) -> str:
        return self.page_id if self.login == "facebook" else self.address

    def public(self) -> dict[str, Any]:
        return {**super().public(), "login": self.login, "page_id": self.page_id, "username": self.username}


class Instagram(MetaSimulator[InstagramLine]):
    slug = "instagram"
    title = "Instagram"
    look = "instagram"
    consumer_example = "908800000000000412"
    capabilities = Capabilities(read_receipts=True, quick_replies=True, images=True, profile=True)
    webhook_object = "instagram"
    default_fields = ("messages", "messaging_postbacks", "messaging_seen")
    line_name = "account"
    # Copies of one's own messages come with the others and cannot be switched off.
    echo_field = "messages"

    def new_id(self) -> str:
        return "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlE" + secrets.token_urlsafe(24)

    def routes(self) -> list[web.RouteDef]:
        return InstagramGraph(self).routes()

    def read_line(self, address: str, body: dict[str, Any]) -> InstagramLine:
        fields = Fields(body, "an Instagram line")
        common = self.read_common(address, fields)
        login, page_id = fields.one_of("login", LOGINS), fields.get("page_id", "")
        line = InstagramLine(**common, login=login, page_id=page_id, username=fields.get("username", "sandbox.shop"))
        fields.done()
        if (line.login == "facebook") != bool(line.page_id):
            raise ValueError("page_id of an Instagram line goes with the login facebook")
        return self.fits(line)

    def writes(self, line: InstagramLine, consumer_id: str, kind: str, text: str, message_id: str = "", **fields: Any) -> Acted:
        if kind in ("image", "file") and text:
            raise Refused("Instagram sends a picture or file without words; write them as a message of their own")
        return super().writes(line, consumer_id, kind, text, message_id, **fields)

    # ---- events --------------------------------------------------------------------------------------------------------------

    def report_message(self, line: InstagramLine, phone: Phone, message: Message) -> Reported:
        selected = message.get("selected")
        if selected and selected["kind"] == "postback":
            postback = {"mid": message["id"], "title": selected["title"], "payload": selected["payload"]}
            return self.report(line, phone, "messaging_postbacks", {"postback": postback}, message)
        content: Json = {"mid": message["id"]}
        match message["type"]:
            case "image" | "file":
                content["attachments"] = [{"type": message["media_type"], "payload": {"url": message["url"]}}]
            case _:
                content["text"] = message["text"]
        if selected:
            content["quick_reply"] = {"payload": selected["payload"]}
        return self.report(line, phone, "messages", {"message": content}, message)

    def report_read(self, line: InstagramLine, phone: Phone, messages: list[Message]) -> Reported:
        """Only the last message is named; those before it are read with it."""
        return self.report(line, phone, "messaging_seen", {"read": {"mid": messages[-1]["id"]}})


class InstagramGraph(MetaGraph[InstagramLine]):
    """The Graph API as an account's platform sees it; graph.instagram.com and graph.facebook.com in one."""

    prefix = "/instagram"
    rules: ClassVar[Rules] = INSTAGRAM
    subscribable = frozenset(
        {
            *("messages", "messaging_postbacks", "messaging_seen", "message_reactions", "message_edit", "messaging_referral"),
            *("messaging_optins", "messaging_handover", "standby", "comments", "mentions"),
            # A page that stands for an account has the page's names.
            *("message_reads", "message_edits", "messaging_referrals"),
        }
    )
    scopes = ("instagram_basic", "instagram_manage_messages", "pages_manage_metadata", "pages_show_list")
    no_user_subcode = 2534014
    window_subcode = 2534022
    error_kind = "IGApiException"

    def routes(self) -> list[web.RouteDef]:
        return [web.get(f"{self.prefix}/{{version}}/refresh_access_token", self.guarded(self._renew)), *super().routes()]

    async def _renew(self, request: web.Request) -> web.Response:
        line = self.line_of(request, dict(request.query))
        if request.query.get("grant_type") != "ig_refresh_token":
            raise GraphError("(#100) Param grant_type must be one of {ig_refresh_token}")
        if line.login != "instagram":
            raise GraphError("Invalid OAuth access token - Cannot parse access token", code=190)
        line.renewed_token = "IGAA" + secrets.token_urlsafe(24)
        return web.json_response({"access_token": line.renewed_token, "token_type": "bearer", "expires_in": 60 * 24 * 3600})

    def me(self, line: InstagramLine) -> Json:
        if line.login == "facebook":
            account = {"id": line.address, "username": line.username}
            return {"id": line.page_id, "name": line.name, "instagram_business_account": account}
        return {"id": f"9{line.address[1:]}", "user_id": line.address, "username": line.username, "name": line.name}

    def profile(self, request: web.Request, line: InstagramLine, phone: Phone | None, names: list[str]) -> Json:
        if phone is None:
            raise no_such_object(request, "get")
        if phone.last_wrote_at_ms is None:
            raise GraphError("(#230) User consent is required to access user profile", code=230, kind=self.error_kind)
        profile = phone.profile
        name = f"{profile.first_name} {profile.last_name}".strip()
        known = {
            "name": name or None,
            "username": name.lower().replace(" ", ".") or f"person.{phone.consumer_id[-6:]}",
            "profile_pic": self.picture,
            "follower_count": 7,
            "is_user_follow_business": True,
            "is_business_follow_user": False,
            "is_verified_user": False,
            "id": phone.consumer_id,
        }
        return pick_fields(known, names)
