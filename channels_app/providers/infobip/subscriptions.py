"""The account's balance, and what Infobip tells us: a subscription for each kind of message, one profile (address), one security setting.

Their ids are made of the channel's, so nothing of another channel, or of the operator's own, is touched.

Source: https://www.infobip.com/docs/api/platform/subscriptions-api, https://www.infobip.com/docs/api/platform/account-management (balance),
known as of 2026-11.
"""

from __future__ import annotations

from typing import Any

from channels_app.providers.base import SendContext
from channels_app.providers.infobip.config import BasicProof, HmacProof, InfobipConfig
from channels_app.providers.infobip.outbound import authorization, base_url, callback_url
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ConfigurationError, ServerFault

EVENTS = ("INBOUND_MESSAGE", "DELIVERY")


def check(config: InfobipConfig, context: SendContext) -> Steps[str]:
    """A sentence with the account's balance, and whether Infobip calls this channel.

    Raises:
        CredentialsRejected: Infobip does not take the key, or it lacks a scope. ServerFault: an answer that says nothing.
    """
    response = yield _call("GET", "/account/1/balance", config, context, purpose="check")
    account = response.json()
    balance, currency = wire.number(account, "balance"), wire.text(account, "currency")
    if balance is None:
        raise ServerFault("Infobip did not tell the balance", provider_code=str(response.status))
    response = yield _call("GET", f"/subscriptions/1/profiles/{_id(context)}", config, context, purpose="find_profile")
    told = wire.text(wire.obj(response.json(), "webhook"), "notifyUrl") if response.is_success else None
    return f"Connected to Infobip; the balance is {balance:.2f} {wire.name(currency)}{_webhook_fault(told, callback_url(config, context))}."


def _webhook_fault(told: str | None, wanted: str) -> str:
    if told == wanted:
        return ""
    if told is None:
        return ". No webhook is registered by this platform: use “Register webhook”, unless you entered the callback URL in the portal"
    return ". Its webhook is another address: use “Register webhook” again"


def register(config: InfobipConfig, context: SendContext) -> Steps[str]:
    """Subscribe this channel's address to its number's messages and reports. What is there already is brought up to date.

    Raises:
        ConfigurationError: HMAC, which only the portal can set up; or another subscription covers the number.
        DeliveryError: Infobip's answer.
    """
    own_id = _id(context)
    security = _security(config)
    webhook = {"contentType": "application/json", "notifyUrl": callback_url(config, context)}
    response = yield _call("GET", f"/subscriptions/1/profiles/{own_id}", config, context, purpose="find_profile")
    if response.status == 404:
        profile: dict[str, Any] = {"profileId": own_id, "webhook": webhook}
        if security:
            profile["security"] = {"authId": own_id, **security}
        yield _call("POST", "/subscriptions/1/profiles", config, context, purpose="register_profile", body=profile)
    else:
        yield _call("PUT", f"/subscriptions/1/profiles/{own_id}", config, context, purpose="register_profile", body={"webhook": webhook})
        if security:
            yield _call("PUT", f"/subscriptions/1/security/{own_id}", config, context, purpose="register_security", body=security)
    for kind in _kinds(config):
        path = f"/subscriptions/1/subscription/{kind}"
        response = yield _call("GET", f"{path}/{own_id}", config, context, purpose="find_subscription")
        fields = {
            "name": f"Connector platform, {kind} of {config.sender}",
            "events": list(EVENTS),
            "resources": [config.sender],
            "profile": {"profileId": own_id},
        }
        if response.status == 404:
            yield _call("POST", path, config, context, purpose="register_subscription", body={"subscriptionId": own_id, **fields})
        else:
            yield _call("PUT", f"{path}/{own_id}", config, context, purpose="register_subscription", body=fields)
    return f"Infobip now reports messages and deliveries of {config.sender} to this channel."


def remove(config: InfobipConfig, context: SendContext) -> Steps[str]:
    """Take away what ``register`` made; what is not there is no fault."""
    own_id = _id(context)
    for kind in _kinds(config):
        yield _call("DELETE", f"/subscriptions/1/subscription/{kind}/{own_id}", config, context, purpose="remove_subscription")
    yield _call("DELETE", f"/subscriptions/1/profiles/{own_id}", config, context, purpose="remove_profile")
    yield _call("DELETE", f"/subscriptions/1/security/{own_id}", config, context, purpose="remove_security")
    return f"Infobip reports nothing of {config.sender} to this channel any more."


def _kinds(config: InfobipConfig) -> tuple[str, ...]:
    return ("SMS", "MMS") if config.mms_enabled else ("SMS",)


def _security(config: InfobipConfig) -> dict[str, Any]:
    if isinstance(config.proof, HmacProof):
        raise ConfigurationError("HMAC is set up in Infobip's portal, under Developer tools → Subscriptions management → Security settings")
    if isinstance(config.proof, BasicProof):
        password = config.proof.password.get_secret_value()
        return {"type": "BASIC", "credentials": {"username": config.proof.username, "password": password}}
    return {}


def _id(context: SendContext) -> str:
    return f"connector-{context.channel_id}"


def _call(
    method: str, path: str, config: InfobipConfig, context: SendContext, *, purpose: str, body: dict[str, Any] | None = None
) -> HttpCall:
    url = base_url(config, context) + path
    if body is None:
        return HttpCall(method=method, url=url, headers=authorization(config), purpose=purpose, effect=False)
    return HttpCall.json(method, url, body, headers=authorization(config), purpose=purpose, effect=False)
