"""Connecting a page to the Meta app, and what Meta says of the connection.

Source: https://developers.facebook.com/docs/messenger-platform/get-started and .../reference/messenger-profile-api (checked 2026-07).
"""

from __future__ import annotations

from channels_app.providers._meta import graph, tokens
from channels_app.providers._meta.graph import fields_of
from channels_app.providers.base import SendContext
from channels_app.providers.messenger.config import MessengerAppConfig, MessengerConfig
from channels_app.providers.messenger.inbound import SUBSCRIBED_FIELDS
from channels_app.providers.messenger.outbound import app_graph, page_graph
from connector_platform.core.calls import Steps
from connector_platform.core.errors import ConfigurationError, ServerFault

SCOPES = ("pages_messaging",)


def register_webhook(config: MessengerConfig, context: SendContext) -> Steps[str]:
    """Have Meta call the app's address for all its pages, unless it does, and subscribe the app to this page.

    Raises:
        ConfigurationError: Meta calls another address for the app's pages, which somebody may need; or it could not verify ours.
        DeliveryError: Meta's answer.
    """
    app_ids: tuple[str, ...] = ()
    if isinstance(context.app, MessengerAppConfig):
        app_ids = (context.app.app_id,)
        yield from _point_app(context.app, context)
    yield from graph.subscribe(page_graph(config, context), config.page_id, app_ids, SUBSCRIBED_FIELDS)
    return f"Meta tells the app of page {config.page_id}: {', '.join(SUBSCRIBED_FIELDS)}."


def _point_app(app: MessengerAppConfig, context: SendContext) -> Steps[None]:
    """Enter the callback address and its fields at the app; Meta calls it at once with the challenge. What it is told already stays.

    Source: https://developers.facebook.com/docs/graph-api/reference/app/subscriptions and .../webhooks/subscriptions-edge (checked 2026-11).
    """
    calls = app_graph(app, context)
    told = (yield from graph.webhook_fields_if_any(calls, app.app_id, "page", context.callback_url)) or ()
    if set(SUBSCRIBED_FIELDS) <= set(told):
        return
    subscription = {
        "object": "page",
        "callback_url": context.callback_url,
        "verify_token": app.verify_token.get_secret_value(),
        "fields": ",".join(dict.fromkeys([*told, *SUBSCRIBED_FIELDS])),
    }
    response = yield calls.post(f"{app.app_id}/subscriptions", subscription, purpose="register_webhook", effect=False)
    # Meta's page shows the word as text.
    if fields_of(response).get("success") not in (True, "true"):
        raise ServerFault("Meta did not say that it calls the address", provider_code=str(response.status))


def remove_webhook(config: MessengerConfig, context: SendContext) -> Steps[str]:
    """Unsubscribe the app from the page; its other pages, and with them the app's callback address, stay.

    Raises:
        DeliveryError: Meta's answer.
    """
    yield from graph.unsubscribe(page_graph(config, context), config.page_id)
    return f"Meta tells the app of page {config.page_id} no more."


def check(config: MessengerConfig, context: SendContext) -> Steps[str]:
    """Sentences that name the page that the token belongs to, what Meta does not tell us of it, and how long the token lives.

    Raises:
        ConfigurationError: the token is another page's, or a person's; the app is not subscribed to the page, or calls another address.
        CredentialsRejected: Meta does not take the token, or it lacks a permission.
        ServerFault: an answer that names nobody.
    """
    connected = yield from _named_page(config, context)
    if not isinstance(context.app, MessengerAppConfig):
        return connected
    app_id = context.app.app_id
    untold = yield from graph.missing_fields(page_graph(config, context), config.page_id, (app_id,), SUBSCRIBED_FIELDS)
    app = app_graph(context.app, context)
    told = yield from graph.webhook_fields(app, app_id, "page", context.callback_url)
    missing = [name for name in SUBSCRIBED_FIELDS if name in untold or name not in told]
    token = config.page_access_token.get_secret_value()
    life = yield from graph.token_facts(app, token, scopes=SCOPES, now=context.now)
    lacks = (
        f" Meta does not tell us of {', '.join(missing)}: register the webhook again, and tick them under Webhooks at Meta."
        if missing
        else ""
    )
    return f"{connected}{lacks} {life}"


def renew_credentials(config: MessengerConfig, context: SendContext) -> Steps[dict[str, str]]:
    """Nothing: a page's token cannot be exchanged, but somebody is told in time where it ends.

    Raises:
        CredentialsRejected: it ends within two weeks, or has ended. DeliveryError: Meta's answer.
    """
    if isinstance(context.app, MessengerAppConfig):
        yield from tokens.require_weeks(app_graph(context.app, context), config.page_access_token.get_secret_value(), now=context.now)
    return {}


def _named_page(config: MessengerConfig, context: SendContext) -> Steps[str]:
    response = yield page_graph(config, context).get("me", {"fields": "id,name"})
    page = fields_of(response)
    page_id = page.get("id")
    if not isinstance(page_id, str):
        raise ServerFault("Meta did not say whose token this is", provider_code=str(response.status))
    if page_id != config.page_id:
        raise ConfigurationError(
            f"the token belongs to {page_id[:32]}, not to page {config.page_id}; generate it for this page, not for a person"
        )
    name = page.get("name")
    return f"Connected to page {name if isinstance(name, str) and name else 'without a name'} ({page_id})."
