"""Telling Vonage where callbacks go, and asking whether it still knows.

Messages API: the application's two addresses, and a number's link to the application; the vendor has no documented call that links another
kind of sender. SMS API: the number's own address; where reports
go is told with each message.

Source: https://developer.vonage.com/en/api/application.v2 and https://developer.vonage.com/en/api/numbers (checked 2026-11).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from channels_app.providers.base import SendContext
from channels_app.providers.vonage import calls
from channels_app.providers.vonage.config import VonageConfig
from connector_platform.core import wire
from connector_platform.core.calls import Steps
from connector_platform.core.errors import ConfigurationError, ServerFault

# What the address of an application's callback is called, and what follows ours.
_WEBHOOKS = {"inbound_url": "/inbound", "status_url": "/status"}
_NUMBER_FIELDS = ("voiceCallbackType", "voiceCallbackValue", "voiceStatusCallback", "moSmppSysType")


def check(config: VonageConfig, context: SendContext) -> Steps[str]:
    """A sentence that says what the account has for this number, and what is wrong with it where something is.

    Raises:
        CredentialsRejected: Vonage does not take the log-in. ConfigurationError: no such application or number.
    """
    number = (yield from _number(config, context)) if config.kind == "sms" else {}
    if config.api == "sms":
        is_ours = wire.text(number, "moHttpUrl") == f"{context.callback_url}/inbound"
        return f"Connected to {config.sender}{'' if is_ours else ', but its inbound webhook is another address: register it'}."
    application = yield from _application(config, context)
    faults = []
    webhooks = _webhooks(application)
    if any(webhooks.get(name) != f"{context.callback_url}{path}" for name, path in _WEBHOOKS.items()):
        faults.append("its webhooks are other addresses: register them")
    if config.kind == "sms" and _application_of(number) != config.application_id:
        faults.append("the number is not linked to the application: register the webhook")
    name = wire.text(application, "name")[:64] or config.application_id
    return f"Connected to application “{name}” for {config.sender}{''.join(f', but {fault}' for fault in faults)}."


def register_webhook(config: VonageConfig, context: SendContext) -> Steps[str]:
    """Point the application (SMS API: the number) at this channel, and link the number; a sentence that says so.

    Raises:
        DeliveryError: Vonage's answer. ConfigurationError: no such application or number.
    """
    number = (yield from _number(config, context)) if config.kind == "sms" else {}
    if config.api == "sms":
        yield from _update_number(number, config, context, moHttpUrl=f"{context.callback_url}/inbound")
        return f"Vonage calls this channel for {config.sender}."
    application = yield from _application(config, context)
    webhooks = {name: {"address": f"{context.callback_url}{path}", "http_method": "POST"} for name, path in _WEBHOOKS.items()}
    yield from _update_application(application, webhooks, config, context)
    if config.kind != "sms":
        return f"Vonage calls this channel for the application. Link {config.sender} to it under Social channels, if it is not."
    yield from _update_number(number, config, context, app_id=config.application_id)
    return f"Vonage calls this channel for the application, and {config.sender} is linked to it."


def remove_webhook(config: VonageConfig, context: SendContext) -> Steps[str]:
    """Take the addresses away again where they are ours; the number stays linked to the application.

    Raises:
        DeliveryError: Vonage's answer. ConfigurationError: no such application or number.
    """
    if config.api == "sms":
        number = yield from _number(config, context)
        if wire.text(number, "moHttpUrl") == f"{context.callback_url}/inbound":
            yield from _update_number(number, config, context, moHttpUrl="")
        return f"Vonage calls this channel no more for {config.sender}."
    application = yield from _application(config, context)
    kept = {name: url for name, url in _webhooks(application).items() if url != f"{context.callback_url}{_WEBHOOKS.get(name, '')}"}
    yield from _update_application(
        application, {name: {"address": url, "http_method": "POST"} for name, url in kept.items()}, config, context
    )
    return "Vonage calls this channel no more for the application."


def _application(config: VonageConfig, context: SendContext) -> Steps[dict[str, Any]]:
    url = f"{context.api_base or calls.API}/v2/applications/{config.application_id}"
    response = yield calls.of_account("GET", url, config)
    application = response.json()
    if not isinstance(application, dict) or wire.text(application, "id") != config.application_id:
        raise ServerFault("Vonage did not say which application this is", provider_code=str(response.status))
    return application


def _webhooks(application: dict[str, Any]) -> dict[str, str]:
    """The addresses of the application's Messages capability, by their names."""
    webhooks = wire.obj(wire.obj(wire.obj(application, "capabilities"), "messages"), "webhooks")
    return {name: wire.text(webhooks[name], "address") for name in webhooks if wire.text(webhooks[name], "address")}


def _update_application(application: dict[str, Any], webhooks: dict[str, Any], config: VonageConfig, context: SendContext) -> Steps[None]:
    """Write the application as it was, with other addresses: what is left out of a PUT is lost. Its public key stays if it is not given."""
    capabilities = wire.obj(application, "capabilities")
    changed = {
        "name": wire.text(application, "name"),
        "capabilities": {**capabilities, "messages": {**wire.obj(capabilities, "messages"), "webhooks": webhooks}},
        **({"privacy": application["privacy"]} if isinstance(application.get("privacy"), dict) else {}),
    }
    url = f"{context.api_base or calls.API}/v2/applications/{config.application_id}"
    yield calls.of_account("PUT", url, config, json=changed, purpose="register_webhook")


def _number(config: VonageConfig, context: SendContext) -> Steps[dict[str, Any]]:
    """The account's own record of the number.

    Raises:
        ConfigurationError: the account has no such number.
    """
    query = urlencode({"pattern": config.sender, "search_pattern": "1", "size": "100"})
    response = yield calls.of_account("GET", f"{context.api_base or calls.REST}/account/numbers?{query}", config)
    body = response.json()
    if not isinstance(body, dict):
        raise ServerFault("Vonage's answer says nothing", provider_code=str(response.status))
    for number in wire.items(body, "numbers"):
        if wire.identifier(number, "msisdn") == config.sender:
            return dict(number)
    raise ConfigurationError("the account has no such number; check the number and the API key")


def _application_of(number: dict[str, Any]) -> str:
    return wire.text(number, "app_id") or wire.text(number, "messagesCallbackValue")


def _update_number(number: dict[str, Any], config: VonageConfig, context: SendContext, **changes: str) -> Steps[None]:
    """Write the number as it was, with ``changes``: what is left out is lost."""
    kept = {name: wire.text(number, name) for name in ("moHttpUrl", *_NUMBER_FIELDS)}
    fields = {"country": wire.text(number, "country"), "msisdn": config.sender, "app_id": _application_of(number), **kept, **changes}
    form = {name: value for name, value in fields.items() if value or name in changes}
    yield calls.of_account("POST", f"{context.api_base or calls.REST}/number/update", config, form=form, purpose="register_webhook")
