"""Whether the credentials work, and where Twilio calls: read, set and taken away at the number, short code, service or WhatsApp sender.

Source: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource, /docs/messaging/api/service-resource,
/docs/messaging/api/short-code-resource (known, not re-read); senders after twilio-python 9.13.0, messaging/v2 (read 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from channels_app.providers.base import SendContext
from channels_app.providers.twilio import api, templates
from channels_app.providers.twilio.config import WHATSAPP, TwilioConfig
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ConfigurationError, CredentialsRejected, ServerFault
from connector_platform.core.wire import items, obj, text

_MAX_PAGES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the callback address is kept: what the place is called, its address now, and how another is written there."""

    title: str
    url: str
    path: str
    host: str
    webhook: dict[str, Any] = field(default_factory=dict)

    def calls_us(self, context: SendContext) -> bool:
        return self.url.partition("#")[0] == context.callback_url


def check(config: TwilioConfig, context: SendContext) -> Steps[str]:
    """A sentence that names account and sender, and says so where the sender's messages go elsewhere, or WhatsApp has not approved a template.

    The account is asked for with the auth token, which signs callbacks, also where an API key makes the other calls.

    Raises:
        CredentialsRejected: Twilio does not take them, or the account is not active.
        ConfigurationError: the account has no such sender. ServerFault: an answer that names nobody.
    """
    address = api.url(context, api.API, api.account_path(config))
    response = yield api.get(address, config.account_credentials, purpose="check")
    account = response.json()
    if text(account, "sid") != config.account_sid:
        raise ServerFault("Twilio did not say whose account this is", provider_code=str(response.status))
    status = text(account, "status")
    if status != "active":
        raise CredentialsRejected(f"the account is {status[:20] or 'in no known state'}; settle what the console asks for")
    place = yield from _find(config, context, "check")
    name = text(account, "friendly_name")[:100] or "without a name"
    found = [*_fault(place, context), *(yield from templates.faults(config, context))]
    return f"Connected to account {name}, {place.title}" + (f", but {'; '.join(found)}" if found else "") + "."


def register_webhook(config: TwilioConfig, context: SendContext) -> Steps[str]:
    """Have Twilio call us at the sender's messages; a sentence for the operator. What calls us already is left as it is.

    Raises:
        ConfigurationError: the account has no such sender. DeliveryError: any other answer.
    """
    place = yield from _find(config, context, "register_webhook")
    if place.url == context.callback_url + api.RETRIES:
        return f"Twilio calls here already for the messages to {place.title}."
    yield _write(place, context.callback_url + api.RETRIES, config, context, "register_webhook")
    return f"Twilio now calls here for the messages to {place.title}."


def remove_webhook(config: TwilioConfig, context: SendContext) -> Steps[str]:
    """Have Twilio call us no more; an address that is not ours stays.

    Raises:
        ConfigurationError: the account has no such sender. DeliveryError: any other answer.
    """
    place = yield from _find(config, context, "remove_webhook")
    if not place.calls_us(context):
        return f"Twilio does not call here for the messages to {place.title}; nothing was changed."
    yield _write(place, "", config, context, "remove_webhook")
    return f"Twilio no longer calls here for the messages to {place.title}."


def _fault(place: _Place, context: SendContext) -> list[str]:
    if place.calls_us(context):
        return []
    return [f"its messages go {'to another address' if place.url else 'nowhere'}: register the webhook"]


def _find(config: TwilioConfig, context: SendContext, purpose: str) -> Steps[_Place]:
    if config.messaging_service_sid:
        return (yield from _service(config, context, purpose))
    if config.sender.startswith(WHATSAPP):
        return (yield from _whatsapp_sender(config, context, purpose))
    return (yield from _number(config, context, purpose))


def _service(config: TwilioConfig, context: SendContext, purpose: str) -> Steps[_Place]:
    path = f"/v1/Services/{config.messaging_service_sid}"
    response = yield _get(api.MESSAGING, path, {}, config, context, purpose)
    service = response.json()
    name = text(service, "friendly_name")[:100] or config.messaging_service_sid
    # A service may leave the address to its numbers; then its own does not count.
    is_left = isinstance(service, dict) and service.get("use_inbound_webhook_on_number") is True
    url = "" if is_left else text(service, "inbound_request_url")
    return _Place(title=f"messaging service {name}", url=url, path=path, host=api.MESSAGING)


def _number(config: TwilioConfig, context: SendContext, purpose: str) -> Steps[_Place]:
    """A number that is in a service's pool still has an address of its own, which the service overrides."""
    is_number = config.sender.startswith("+")
    folder, key = ("/IncomingPhoneNumbers", "PhoneNumber") if is_number else ("/SMS/ShortCodes", "ShortCode")
    response = yield _get(api.API, api.account_path(config, folder), {key: config.sender}, config, context, purpose)
    listed = items(response.json(), "incoming_phone_numbers" if is_number else "short_codes")
    owned = next((row for row in listed if text(row, "phone_number" if is_number else "short_code") == config.sender), None)
    sid = text(owned, "sid")
    if not sid:
        raise ConfigurationError(f"the account has no {'number' if is_number else 'short code'} {config.sender}")
    return _Place(title=config.sender, url=text(owned, "sms_url"), path=api.account_path(config, f"{folder}/{sid}"), host=api.API)


def _whatsapp_sender(config: TwilioConfig, context: SendContext, purpose: str) -> Steps[_Place]:
    path, query = "/v2/Channels/Senders", {"Channel": "whatsapp", "PageSize": "100"}
    for _ in range(_MAX_PAGES):
        response = yield _get(api.MESSAGING, path, query, config, context, purpose)
        page = response.json()
        for sender in items(page, "senders"):
            if text(sender, "sender_id") == config.sender and (sid := text(sender, "sid")):
                webhook = obj(sender, "webhook")
                return _Place(
                    title=config.sender, url=text(webhook, "callback_url"), path=f"{path}/{sid}", host=api.MESSAGING, webhook=webhook
                )
        query = _query_of(text(obj(page, "meta"), "next_page_url"))
        if not query:
            break
    raise ConfigurationError(f"the account has no WhatsApp sender {config.sender}")


def _query_of(url: str) -> dict[str, str]:
    """The parameters of the next page; its host is not asked."""
    try:
        return dict(parse_qsl(urlsplit(url).query))
    except ValueError:
        return {}


def _write(place: _Place, url: str, config: TwilioConfig, context: SendContext, purpose: str) -> HttpCall:
    address = api.url(context, place.host, place.path)
    if "/Channels/Senders/" in place.path:
        kept = {name: value for name, value in place.webhook.items() if isinstance(value, str)}
        return api.post_json(address, {"webhook": {**kept, "callback_url": url, "callback_method": "POST"}}, config, purpose=purpose)
    if place.host == api.MESSAGING:
        fields = {"InboundRequestUrl": url, "InboundMethod": "POST", **({"UseInboundWebhookOnNumber": "false"} if url else {})}
    else:
        fields = {"SmsUrl": url, "SmsMethod": "POST"}
    return api.post(address, fields, config, purpose=purpose, effect=False)


def _get(host: str, path: str, query: dict[str, str], config: TwilioConfig, context: SendContext, purpose: str) -> HttpCall:
    return api.get(api.url(context, host, path, query), config.call_credentials, purpose=purpose)
