"""Telling Plivo where messages go, and asking whether it still knows: an application with our address, and the number's (or powerpack's) link
to it. Where reports go is told with each message.

Source: https://www.plivo.com/docs/account/api/application, .../numbers/api/account-phone-number, .../messaging/api/powerpack, read 2026-11;
the answers after the test fixtures of plivo-python.
"""

from __future__ import annotations

import re
from typing import Any

from channels_app.providers.base import SendContext
from channels_app.providers.plivo import calls
from channels_app.providers.plivo.config import PlivoConfig
from connector_platform.core import wire
from connector_platform.core.calls import Steps
from connector_platform.core.errors import ConfigurationError, ContentRejected, ServerFault

# What an application says about calls and logs: an application of our own must neither take a number's calls away nor begin to log what the one
# before did not. Which application new numbers get (``default_number_app``) is the operator's affair.
_KEPT = (
    *("answer_url", "answer_method", "hangup_url", "hangup_method", "fallback_answer_url", "fallback_method"),
    "log_incoming_messages",
)
_APPLICATION = re.compile(r"(?:.*/Application/)?([0-9]{1,30})/?")


def check(config: PlivoConfig, context: SendContext) -> Steps[str]:
    """A sentence that names the account and says what is wrong with the number's application where something is.

    Raises:
        CredentialsRejected: Plivo does not take the log-in. ConfigurationError: the account has no such number or powerpack.
    """
    response = yield calls.of_account("GET", "", config, context)
    account = response.json()
    if not isinstance(account, dict):
        raise ServerFault("Plivo did not say which account this is", provider_code=str(response.status))
    application = yield from _application(config, context)
    name = wire.text(account, "name")[:64] or config.auth_id
    sender = config.sender or "the powerpack"
    if application is None:
        return f"Connected to {name} for {sender}, but no application receives its messages: register the webhook."
    if wire.text(application, "message_url") != _inbound_url(context):
        return f"Connected to {name} for {sender}, but its application's message URL is another address: register the webhook."
    return f"Connected to {name} for {sender}."


def register_webhook(config: PlivoConfig, context: SendContext) -> Steps[str]:
    """Link the number or powerpack to an application of this channel's own, which keeps what the one before said about calls.

    Raises:
        DeliveryError: Plivo's answer. ConfigurationError: the account has no such number or powerpack.
    """
    before = yield from _application(config, context)
    if before is None or wire.text(before, "message_url") != _inbound_url(context):
        app_id = yield from _own_application(before or {}, config, context)
        yield from _link(app_id, config, context)
    return f"Plivo calls this channel for {config.sender or 'the powerpack'}."


def remove_webhook(config: PlivoConfig, context: SendContext) -> Steps[str]:
    """Take the address out of the application where it is ours; the number keeps the application.

    Raises:
        DeliveryError: Plivo's answer. ConfigurationError: the account has no such number or powerpack.
    """
    application = yield from _application(config, context)
    if application is not None and wire.text(application, "message_url") == _inbound_url(context):
        yield calls.of_account(
            "POST", f"Application/{_app_id(application)}", config, context, fields={"message_url": ""}, purpose="remove_webhook"
        )
    return f"Plivo calls this channel no more for {config.sender or 'the powerpack'}."


def _inbound_url(context: SendContext) -> str:
    return f"{context.callback_url}/inbound"


def _application(config: PlivoConfig, context: SendContext) -> Steps[dict[str, Any] | None]:
    """The application that receives the number's messages; None where there is none."""
    try:
        response = yield calls.of_account("GET", _holder(config), config, context)
    except ContentRejected as error:
        raise ConfigurationError("the account has no such number or powerpack", provider_code=error.provider_code) from error
    linked = response.json()
    name = "application_id" if config.powerpack_uuid else "application"
    found = _APPLICATION.fullmatch(wire.identifier(linked, name))
    if found is None:
        return None
    response = yield calls.of_account("GET", f"Application/{found[1]}", config, context)
    application = response.json()
    return application if isinstance(application, dict) else None


def _holder(config: PlivoConfig) -> str:
    return f"Powerpack/{config.powerpack_uuid}" if config.powerpack_uuid else f"Number/{config.sender}"


def _app_id(application: dict[str, Any]) -> str:
    return wire.identifier(application, "app_id")


def _own_application(before: dict[str, Any], config: PlivoConfig, context: SendContext) -> Steps[str]:
    """The id of the application named after this channel: made, or brought up to date."""
    name = f"connector-{context.channel_id}"
    fields = {
        **{key: before[key] for key in _KEPT if isinstance(before.get(key), str | bool) and before[key] != ""},
        "message_url": _inbound_url(context),
        "message_method": "POST",
    }
    response = yield calls.of_account("GET", "Application", config, context, query={"app_name": name, "limit": "20"})
    for application in wire.items(response.json(), "objects"):
        if wire.text(application, "app_name") == name and (app_id := _app_id(application)):
            yield calls.of_account("POST", f"Application/{app_id}", config, context, fields=fields, purpose="register_webhook")
            return app_id
    made = yield calls.of_account("POST", "Application", config, context, fields={"app_name": name, **fields}, purpose="register_webhook")
    if not (app_id := _app_id(made.json())):
        raise ServerFault("Plivo did not say which application it made", provider_code=str(made.status))
    return app_id


def _link(app_id: str, config: PlivoConfig, context: SendContext) -> Steps[None]:
    fields = {"application_type": "xml", "application_id": app_id} if config.powerpack_uuid else {"app_id": app_id}
    yield calls.of_account("POST", _holder(config), config, context, fields=fields, purpose="register_webhook")
