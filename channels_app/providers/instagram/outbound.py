"""From our vocabulary to the Send API: which calls an event takes.

Source: https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api and
https://developers.facebook.com/docs/messenger-platform/instagram (checked 2026-07).
"""

from __future__ import annotations

from urllib.parse import quote

from channels_app.providers._meta import sending, wire
from channels_app.providers._meta.graph import Graph, fields_of
from channels_app.providers._meta.sending import Rendered
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.instagram import files, rich
from channels_app.providers.instagram.config import InstagramAppConfig, InstagramConfig
from channels_app.providers.instagram.errors import FILE_REFUSALS
from connector_platform.core.calls import Steps
from connector_platform.core.events import Content, File, Profile, RichContent
from connector_platform.core.rich import Loss, LossKind, in_lines

INSTAGRAM_API = "https://graph.instagram.com"
FACEBOOK_API = "https://graph.facebook.com"


def send(content: Content, config: InstagramConfig, context: SendContext) -> Steps[Sent]:
    """See ``_meta.sending.send``."""

    def render(rich_content: RichContent, image_schemes: frozenset[str]) -> Rendered:
        return rich.render(
            rich_content,
            prompt=config.choice_prompt,
            repeats_choices=config.repeat_choices,
            payload_for=context.payload_for,
            image_schemes=image_schemes,
        )

    channel = sending.Channel(
        title="Instagram",
        graph=account_graph(config, context),
        node=config.node,
        human_agent=config.human_agent_enabled,
        text_messages=rich.text_messages,
        file=_file,
        rich=render,
    )
    return sending.send(content, channel, context)


def look_up_profile(config: InstagramConfig, context: SendContext) -> Steps[Profile | None]:
    """The person's name and picture; None where Meta names nobody. Who has no name is called by the user name.

    Raises:
        DeliveryError: Meta refuses, which is normal (230) for people who have not written yet: they mentioned the account in a story.

    Source: https://developers.facebook.com/docs/messenger-platform/instagram/features/user-profile (checked 2026-07).
    """
    path = quote(context.to, safe="")
    response = yield account_graph(config, context).get(path, {"fields": "name,username,profile_pic"}, purpose="profile")
    person = fields_of(response)
    username = wire.text(person, "username")
    name = wire.text(person, "name") or (f"@{username}" if username else "")
    return Profile(name=name, username=username, avatar_url=wire.web_url(person, "profile_pic")) if name else None


def account_graph(config: InstagramConfig, context: SendContext) -> Graph:
    """Calls with the account's token: to Instagram, or to Facebook as the linked page."""
    app = context.app
    proof_secret = ""
    if isinstance(app, InstagramAppConfig) and app.send_appsecret_proof:
        own = app.instagram_app_secret.get_secret_value() if config.login == "instagram" else ""
        proof_secret = own or app.app_secret.get_secret_value()
    host = context.api_base or (INSTAGRAM_API if config.login == "instagram" else FACEBOOK_API)
    return Graph(host=host, token=config.access_token.get_secret_value(), proof_secret=proof_secret)


def app_graph(app: InstagramAppConfig, context: SendContext) -> Graph:
    """Calls as the Meta app itself."""
    return Graph(host=context.api_base or FACEBOOK_API, token=f"{app.app_id}|{app.app_secret.get_secret_value()}")


def _file(file: File) -> Rendered:
    """The file and its caption, or where Instagram does not take such files, a link to it."""
    if not (reason := files.why_not(file)):
        return sending.file_message(file, rich.text_messages, FILE_REFUSALS)
    link, caption = rich.text_messages(in_lines((file.name, file.url))), rich.text_messages(file.caption)
    losses = (Loss(path="", kind=LossKind.REDUCED, reason=reason, after=file.url), *([sending.CAPTION_MOVED] if caption else []))
    return Rendered(messages=[*link, *caption], losses=losses)
