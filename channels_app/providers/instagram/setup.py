"""Connecting an account to the Meta app, and what Meta says of the connection.

Source: https://developers.facebook.com/docs/instagram-platform/webhooks and .../instagram-api-with-instagram-login/get-started (checked 2026-07).
"""

from __future__ import annotations

from datetime import date, timedelta

from channels_app.providers._meta import graph, tokens, wire
from channels_app.providers._meta.graph import fields_of
from channels_app.providers.base import SendContext
from channels_app.providers.instagram.config import InstagramAppConfig, InstagramConfig
from channels_app.providers.instagram.inbound import SUBSCRIBED_FIELDS
from channels_app.providers.instagram.outbound import account_graph, app_graph
from connector_platform.core.calls import Steps
from connector_platform.core.errors import ConfigurationError, ServerFault

PAGE_FIELDS = (
    "messages",
    "messaging_postbacks",
    "message_reads",
    "message_reactions",
    "message_edits",
    "messaging_referrals",
    "messaging_optins",
)
"""Pages name their fields otherwise. What Instagram tells of the account is ticked under Webhooks; the page must only be connected."""
SCOPES = ("instagram_basic", "instagram_manage_messages")


def register_webhook(config: InstagramConfig, context: SendContext) -> Steps[str]:
    """Subscribe the app to the account, or to the page that stands for it. The callback address is entered once at Meta.

    Raises:
        DeliveryError: Meta's answer.
    """
    fields = PAGE_FIELDS if config.login == "facebook" else SUBSCRIBED_FIELDS
    app_ids = (context.app.app_id,) if config.login == "facebook" and isinstance(context.app, InstagramAppConfig) else ()
    yield from graph.subscribe(account_graph(config, context), config.node, app_ids, fields)
    return f"Meta tells the app of {_node_name(config)}: {', '.join(fields)}."


def remove_webhook(config: InstagramConfig, context: SendContext) -> Steps[str]:
    """Unsubscribe the app from the account.

    Raises:
        ConfigurationError: the account is reached through a page, whose subscription may carry its Messenger conversations too.
        DeliveryError: Meta's answer.
    """
    if config.login == "facebook":
        raise ConfigurationError(
            f"the subscription of page {config.page_id} carries its Messenger conversations, too; where nothing needs it any more, remove the app "
            "from the page at Meta: Page settings → Advanced messaging"
        )
    yield from graph.unsubscribe(account_graph(config, context), config.node)
    return f"Meta tells the app of {_node_name(config)} no more."


def renew_credentials(config: InstagramConfig, context: SendContext) -> Steps[dict[str, str]]:
    """A token that lives another 60 days, for an account that logged in at Instagram; a page's cannot be exchanged, which is told in time.

    Meta renews tokens that are a day old or older.

    Raises:
        ServerFault: an answer without a token. CredentialsRejected: a page's token ends within two weeks.
        DeliveryError: Meta's refusal; the token has ended, or is younger than a day.

    Source: https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token (checked 2026-07).
    """
    token = config.access_token.get_secret_value()
    if config.login == "facebook":
        if isinstance(context.app, InstagramAppConfig):
            yield from tokens.require_weeks(app_graph(context.app, context), token, now=context.now)
        return {}
    query = {"grant_type": "ig_refresh_token"}
    response = yield account_graph(config, context).get("refresh_access_token", query, purpose="renew_credentials")
    fresh, life_s = fields_of(response).get("access_token"), wire.digits(fields_of(response), "expires_in")
    if not isinstance(fresh, str) or not fresh:
        raise ServerFault("Meta answered without a token", provider_code=str(response.status))
    ends_on = f"{context.now + timedelta(seconds=int(life_s)):%Y-%m-%d}" if life_s and len(life_s) <= 9 else ""
    return {"access_token": fresh, "token_ends_on": ends_on}


def check(config: InstagramConfig, context: SendContext) -> Steps[str]:
    """Sentences that name the account that the token belongs to, what Meta does not tell us of it, and what is known of the token's life.

    The app's own webhook and the token's end can only be asked for with the log-in facebook.

    Raises:
        ConfigurationError: the token is another account's; the app is not subscribed, or Meta calls another address.
        CredentialsRejected: Meta does not take the token, or it lacks a permission.
        ServerFault: an answer that names nobody.
    """
    if config.login == "instagram":
        connected = yield from _own_account(config, context)
        missing = yield from graph.missing_fields(account_graph(config, context), config.node, (), SUBSCRIBED_FIELDS)
        return f"{connected}{_lacks(missing)} {_life(config, context)}"
    connected = yield from _linked_account(config, context)
    if not isinstance(context.app, InstagramAppConfig):
        return connected
    app, app_id = app_graph(context.app, context), context.app.app_id
    yield from graph.missing_fields(account_graph(config, context), config.node, (app_id,), PAGE_FIELDS)
    told = yield from graph.webhook_fields(app, app_id, "instagram", context.callback_url)
    life = yield from graph.token_facts(app, config.access_token.get_secret_value(), scopes=SCOPES, now=context.now)
    return f"{connected}{_lacks([name for name in SUBSCRIBED_FIELDS if name not in told])} {life}"


def _own_account(config: InstagramConfig, context: SendContext) -> Steps[str]:
    response = yield account_graph(config, context).get("me", {"fields": "user_id,username"})
    answer = fields_of(response)
    # Meta's guide shows the account inside of a list; the call answers with the account itself.
    account = next((row for row in wire.items(answer, "data") if isinstance(row, dict)), answer)
    return _connected(config, wire.identifier(account, "user_id"), wire.text(account, "username"), response.status)


def _linked_account(config: InstagramConfig, context: SendContext) -> Steps[str]:
    response = yield account_graph(config, context).get("me", {"fields": "id,name,instagram_business_account{id,username}"})
    page = fields_of(response)
    page_id, account = wire.identifier(page, "id"), wire.obj(page, "instagram_business_account")
    if page_id and page_id != config.page_id:
        raise ConfigurationError(f"the token belongs to {page_id[:32]}, not to page {config.page_id}; generate it for this page")
    if page_id and not account:
        raise ConfigurationError(f"no Instagram account is linked to page {config.page_id}; link it under Page settings → Linked accounts")
    return _connected(config, wire.identifier(account, "id"), wire.text(account, "username"), response.status)


def _connected(config: InstagramConfig, account_id: str, username: str, status: int) -> str:
    if not account_id:
        raise ServerFault("Meta did not say whose token this is", provider_code=str(status))
    if account_id != config.account_id:
        raise ConfigurationError(f"the token belongs to account {account_id[:32]}, not to {config.account_id}")
    return f"Connected to {f'@{username}' if username else 'an account without a name'} ({account_id})."


def _lacks(names: tuple[str, ...] | list[str]) -> str:
    return (
        f" Meta does not tell us of {', '.join(names)}: register the webhook again, and tick them under Webhooks at Meta." if names else ""
    )


def _life(config: InstagramConfig, context: SendContext) -> str:
    if not config.token_ends_on:
        return "Its token lives 60 days; see to it that renew_credentials runs."
    days = (date.fromisoformat(config.token_ends_on) - context.now.date()).days
    return f"Its token ends on {config.token_ends_on}, in {days} {'day' if days == 1 else 'days'}; see to it that renew_credentials runs."


def _node_name(config: InstagramConfig) -> str:
    return f"page {config.page_id}" if config.login == "facebook" else f"account {config.account_id}"
