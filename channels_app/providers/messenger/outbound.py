"""From our vocabulary to the Send API: which calls an event takes.

Source: https://developers.facebook.com/docs/messenger-platform/reference/send-api (checked 2026-07).
"""

from __future__ import annotations

from urllib.parse import quote

from channels_app.providers._meta import sending, wire
from channels_app.providers._meta.graph import Graph, fields_of
from channels_app.providers._meta.sending import Rendered
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.messenger import rich
from channels_app.providers.messenger.config import MessengerAppConfig, MessengerConfig
from channels_app.providers.messenger.errors import FILE_REFUSALS
from connector_platform.core.calls import Steps
from connector_platform.core.events import Content, Profile, RichContent

GRAPH_API = "https://graph.facebook.com"

MAX_TEXT = rich.MAX_TEXT


def send(content: Content, config: MessengerConfig, context: SendContext) -> Steps[Sent]:
    """See ``_meta.sending.send``."""

    def render(rich_content: RichContent, image_schemes: frozenset[str]) -> Rendered:
        return rich.render(rich_content, prompt=config.choice_prompt, payload_for=context.payload_for, image_schemes=image_schemes)

    channel = sending.Channel(
        title="Messenger",
        graph=page_graph(config, context),
        node=config.page_id,
        human_agent=config.human_agent_enabled,
        text_messages=rich.text_messages,
        file=lambda file: sending.file_message(file, rich.text_messages, FILE_REFUSALS),
        rich=render,
    )
    return sending.send(content, channel, context)


def look_up_profile(config: MessengerConfig, context: SendContext) -> Steps[Profile | None]:
    """The person's name, picture and, where Meta may tell it, language (``en_US``); None where Meta names nobody. The picture's address expires
    within days.

    Raises:
        DeliveryError: Meta refuses, which is normal (100/33) for people who have not agreed to be named.

    Source: https://developers.facebook.com/docs/messenger-platform/identity/user-profile (checked 2026-07).
    """
    path = quote(context.to, safe="")
    fields = "first_name,last_name,profile_pic" + (",locale" if config.asks_for_locale else "")
    response = yield page_graph(config, context).get(path, {"fields": fields}, purpose="profile")
    person = fields_of(response)
    first_name, last_name = wire.text(person, "first_name"), wire.text(person, "last_name")
    if not first_name and not last_name:
        return None
    name = f"{first_name} {last_name}".strip()
    return Profile(
        name=name,
        first_name=first_name,
        last_name=last_name,
        avatar_url=wire.web_url(person, "profile_pic"),
        locale=wire.text(person, "locale")[:35],
    )


def page_graph(config: MessengerConfig, context: SendContext) -> Graph:
    """Calls as the page."""
    app = context.app
    proof_secret = app.app_secret.get_secret_value() if isinstance(app, MessengerAppConfig) and app.send_appsecret_proof else ""
    return Graph(host=context.api_base or GRAPH_API, token=config.page_access_token.get_secret_value(), proof_secret=proof_secret)


def app_graph(app: MessengerAppConfig, context: SendContext) -> Graph:
    """Calls as the app itself."""
    return Graph(host=context.api_base or GRAPH_API, token=f"{app.app_id}|{app.app_secret.get_secret_value()}")
