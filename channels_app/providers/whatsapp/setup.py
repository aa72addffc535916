"""Connecting a number: the check, and the business account's subscription to the app.

Source: https://developers.facebook.com/docs/whatsapp/embedded-signup/webhooks/override and
https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/subscribed_apps (checked 2026-07).
"""

from __future__ import annotations

from typing import Any

from channels_app.providers._meta import tokens
from channels_app.providers._meta.graph import require_success, token_facts, unsubscribe
from channels_app.providers.base import SendContext
from channels_app.providers.whatsapp.config import WhatsAppAppConfig, WhatsAppConfig
from channels_app.providers.whatsapp.graph import app_graph, user_graph
from connector_platform.core import wire
from connector_platform.core.calls import HttpResponse, Steps
from connector_platform.core.errors import ConfigurationError, ServerFault

_SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")
_ENDLESS = "Business settings → System users at Meta gives one without an end."
_NUMBER_FIELDS = "id,display_phone_number,verified_name,quality_rating,status"
MOST_TEMPLATES = 500
"""In one answer; a business account has 250 to 6000."""


def check(config: WhatsAppConfig, context: SendContext) -> Steps[str]:
    """Sentences that name the number, say what is wrong with its webhook or its templates where something is, and how long the token lives.

    Raises:
        CredentialsRejected: Meta does not take the token, or it lacks a permission.
        ConfigurationError: Meta does not know the number, or the token is another Meta app's.
        ServerFault: an answer that names nobody.
    """
    graph = user_graph(config, context)
    response = yield graph.get(config.phone_number_id, {"fields": _NUMBER_FIELDS})
    number = response.json()
    if wire.identifier(number, "id") != config.phone_number_id:
        raise ServerFault("Meta did not say which number this is", provider_code=str(response.status))
    subscribed = yield graph.get(f"{config.waba_id}/subscribed_apps")
    life = ""
    if isinstance(context.app, WhatsAppAppConfig):
        token = config.access_token.get_secret_value()
        facts = token_facts(app_graph(context.app, context), token, scopes=_SCOPES, now=context.now, endless=_ENDLESS)
        life = f" {(yield from facts)}"
    faults = [_number_fault(number), _webhook_fault(_rows(subscribed), context)]
    if config.templates:
        query = {"fields": "name,language,status", "limit": str(MOST_TEMPLATES)}
        known = yield graph.get(f"{config.waba_id}/message_templates", query)
        faults.append(_template_fault(_rows(known), config))
    shown = " ".join(part for part in (wire.text(number, "verified_name")[:100], wire.text(number, "display_phone_number")[:32]) if part)
    told = [fault for fault in faults if fault]
    return f"Connected to {shown or config.phone_number_id}" + (f", but {'; '.join(told)}" if told else "") + f".{life}"


def renew_credentials(config: WhatsAppConfig, context: SendContext) -> Steps[dict[str, str]]:
    """Nothing: a system user's token cannot be exchanged, but somebody is told in time where it ends.

    Raises:
        CredentialsRejected: it ends within two weeks, or has ended. DeliveryError: Meta's answer.
    """
    if isinstance(context.app, WhatsAppAppConfig):
        yield from tokens.require_weeks(app_graph(context.app, context), config.access_token.get_secret_value(), now=context.now)
    return {}


def register_webhook(config: WhatsAppConfig, context: SendContext) -> Steps[str]:
    """Subscribe the app to the number's business account, with our callback address whatever the app's own is. Meta calls it at once.

    Raises:
        ConfigurationError: Meta does not get its challenge back. DeliveryError: any other answer.
    """
    if not isinstance(context.app, WhatsAppAppConfig):
        raise ConfigurationError("the channel has no Meta app; choose its provider app first")
    payload = {"override_callback_uri": context.callback_url, "verify_token": context.app.verify_token.get_secret_value()}
    path = f"{config.waba_id}/subscribed_apps"
    response = yield user_graph(config, context).post(path, payload, purpose="register_webhook", effect=False)
    require_success(response)
    return f"Meta sends what is written to all numbers of business account {config.waba_id} here."


def remove_webhook(config: WhatsAppConfig, context: SendContext) -> Steps[str]:
    """End the business account's subscription; Meta has none for a single number.

    Raises:
        DeliveryError: Meta's answer.
    """
    yield from unsubscribe(user_graph(config, context), config.waba_id)
    return f"Meta sends nothing more of any number of business account {config.waba_id} to this app."


def _number_fault(number: Any) -> str:
    status, quality = wire.text(number, "status"), wire.text(number, "quality_rating")
    if status and status != "CONNECTED":
        return f"the number is {wire.name(status)} at Meta: register it"
    return "Meta rates the number's quality RED and may slow it down" if quality == "RED" else ""


def _webhook_fault(apps: list[Any], context: SendContext) -> str:
    app_id = context.app.app_id if isinstance(context.app, WhatsAppAppConfig) else ""
    app = next((row for row in apps if wire.identifier(wire.obj(row, "whatsapp_business_api_data"), "id") == app_id), None)
    if app is None:
        return "the app is not subscribed to the business account: register the webhook"
    address = wire.text(app, "override_callback_uri")
    if address and address.rstrip("/") != context.callback_url:
        return "its callbacks go to another address: register the webhook"
    return ""


def _template_fault(rows: list[Any], config: WhatsAppConfig) -> str:
    statuses = {(wire.text(row, "name"), wire.text(row, "language")): wire.text(row, "status") for row in rows}
    wrong = []
    for template in config.templates:
        status = statuses.get((template.name, template.language))
        if status != "APPROVED":
            wrong.append(f"template {template.name} ({template.language}) is {wire.name(status) if status else 'not there'}")
    return ", ".join(wrong)


def _rows(response: HttpResponse) -> list[Any]:
    return wire.items(response.json(), "data")
