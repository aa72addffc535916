"""The account's balance, and what Infobip tells us: a subscription for each kind of message, one profile (address), one security setting.

Their ids are made of the channel's, so nothing of another channel, or of the operator's own, is touched.

Source: https://infobip.com/docs/api/platform/subscriptions-api (create and update of subscription, profile and security settings) and Infobip's
OpenAPI 3.210.0, read 2026-11; https://www.infobip.com/docs/api/platform/account-management (balance), known as of 2026-11.
"""

from __future__ import annotations

from typing import Any

from channels_app.providers.base import SendContext
from channels_app.providers.infobip.config import BasicProof, HmacProof, InfobipConfig
from channels_app.providers.infobip.outbound import authorization, base_url, callback_url
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ServerFault

EVENTS = ("INBOUND_MESSAGE", "DELIVERY")
_CHANNELS = ("SMS", "MMS")
_ALGORITHMS = {"sha1": "HMAC_SHA_1", "sha256": "HMAC_SHA_256", "sha512": "HMAC_SHA_512"}


def check(config: InfobipConfig, context: SendContext) -> Steps[str]:
    """A sentence with the account's balance, and whether Infobip calls this channel.

    Raises:
        CredentialsRejected: Infobip does not take the key, or it lacks a scope. ServerFault: an answer that says nothing.
    """
    balance_url = f"{base_url(config, context)}/account/1/balance"
    response = yield HttpCall(method="GET", url=balance_url, headers=authorization(config), purpose="check", effect=False)
    account = response.json()
    balance, currency = wire.number(account, "balance"), wire.text(account, "currency")
    if balance is None:
        raise ServerFault("Infobip did not tell the balance", provider_code=str(response.status))
    response = yield _call("GET", f"profiles/{_id(context)}", config, context, purpose="find_profile")
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
        ConfigurationError: another subscription covers the number. DeliveryError: Infobip's answer.
    """
    own_id = _id(context)
    profile: dict[str, Any] = {"webhook": {"contentType": "application/json", "notifyUrl": callback_url(config, context)}}
    if security := _security(config):
        yield from _put("security", {"authId": own_id}, security, config, context, kind="security")
        profile["security"] = {"authId": own_id}
    yield from _put("profiles", {"profileId": own_id}, profile, config, context, kind="profile")
    for channel in _CHANNELS if config.mms_enabled else _CHANNELS[:1]:
        fields = {
            "name": f"Connector platform, {channel} of {config.sender}",
            "events": list(EVENTS),
            "resources": [config.sender],
            "profile": {"profileId": own_id},
        }
        yield from _put(f"subscription/{channel}", {"subscriptionId": own_id}, fields, config, context, kind="subscription")
    return f"Infobip now reports messages and deliveries of {config.sender} to this channel."


def remove(config: InfobipConfig, context: SendContext) -> Steps[str]:
    """Take away what ``register`` made; what is not there is no fault."""
    own_id = _id(context)
    # MMS may have been on when it was made.
    for channel in _CHANNELS:
        yield _call("DELETE", f"subscription/{channel}/{own_id}", config, context, purpose="remove_subscription")
    yield _call("DELETE", f"profiles/{own_id}", config, context, purpose="remove_profile")
    yield _call("DELETE", f"security/{own_id}", config, context, purpose="remove_security")
    return f"Infobip reports nothing of {config.sender} to this channel any more."


def _put(
    path: str, named: dict[str, str], fields: dict[str, Any], config: InfobipConfig, context: SendContext, *, kind: str
) -> Steps[None]:
    """Make what ``named`` identifies, or bring it up to date. ``kind`` names the calls' purposes."""
    own = f"{path}/{_id(context)}"
    response = yield _call("GET", own, config, context, purpose=f"find_{kind}")
    if response.status == 404:
        yield _call("POST", path, config, context, purpose=f"register_{kind}", body={**named, **fields})
    else:
        yield _call("PUT", own, config, context, purpose=f"register_{kind}", body=fields)


def _security(config: InfobipConfig) -> dict[str, Any]:
    match config.proof:
        case BasicProof(username=username, password=password):
            return {"type": "BASIC", "credentials": {"username": username, "password": password.get_secret_value()}}
        case HmacProof(secret=secret, algorithm=algorithm):
            return {"type": "HMAC", "credentials": {"secretKey": secret.get_secret_value(), "algorithm": _ALGORITHMS[algorithm]}}
        case _:
            return {}


def _id(context: SendContext) -> str:
    return f"connector-{context.channel_id}"


def _call(
    method: str, path: str, config: InfobipConfig, context: SendContext, *, purpose: str, body: dict[str, Any] | None = None
) -> HttpCall:
    url = f"{base_url(config, context)}/subscriptions/1/{path}"
    if body is None:
        return HttpCall(method=method, url=url, headers=authorization(config), purpose=purpose, effect=False)
    return HttpCall.json(method, url, body, headers=authorization(config), purpose=purpose, effect=False)
