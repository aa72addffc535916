"""What a gateway's answer means: the configured rules first, then the success test, then the HTTP status."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from channels_app.providers.base import ErrorMeaning, raise_for_status
from channels_app.providers.sms_gateway.config_outbound import ErrorRule, MessageIdRule, OutboundConfig
from channels_app.providers.sms_gateway.fields import clean, json_values
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ContentRejected,
    CredentialsRejected,
    DeliveryError,
    OutcomeUnknown,
    RecipientGone,
    ServerFault,
    Throttled,
)

# An answer says what it has to say in its first lines, and the operators' expressions have no time limit.
SEARCHED_CHARS = 4096
MAX_ID_CHARS = 200
MAX_CODE_CHARS = 40

DOWNLOAD = "fetch_file"
_MOVED = (301, 302, 303, 307, 308)

ERROR_CLASSES: Mapping[str, type[DeliveryError]] = MappingProxyType(
    {
        "retry": ServerFault,
        "rate_limited": Throttled,
        "auth": CredentialsRejected,
        "permanent": ContentRejected,
        "recipient": RecipientGone,
        "unknown": OutcomeUnknown,
    }
)
"""The names in ``outbound.errors``."""

ERRORS = (
    ErrorMeaning(code="rule_retry", error=ServerFault, meaning="A rule of class “retry” matched.", remedy="None; it is tried again."),
    ErrorMeaning(
        code="rule_rate_limited",
        error=Throttled,
        meaning="A rule of class “rate_limited” matched.",
        remedy="Ask the gateway for a higher rate.",
    ),
    ErrorMeaning(
        code="rule_auth",
        error=CredentialsRejected,
        meaning="A rule of class “auth” matched.",
        remedy="Check the account: credentials, credit, sender id.",
    ),
    ErrorMeaning(
        code="rule_permanent",
        error=ContentRejected,
        meaning="A rule of class “permanent” matched.",
        remedy="Look the code up in the gateway's manual.",
    ),
    ErrorMeaning(
        code="rule_recipient",
        error=RecipientGone,
        meaning="A rule of class “recipient” matched.",
        remedy="None; the number cannot be reached.",
    ),
    ErrorMeaning(
        code="rule_unknown",
        error=OutcomeUnknown,
        meaning="A rule of class “unknown” matched.",
        remedy="See in the gateway's log whether it was sent.",
    ),
    ErrorMeaning(
        code="not_confirmed",
        error=ContentRejected,
        meaning="The status is a success but the success test failed.",
        remedy="Compare the test with the answer.",
    ),
    ErrorMeaning(
        code="no_message_id",
        error=OutcomeUnknown,
        meaning="The status is a success, but where the message id should be there is none.",
        remedy="See in the gateway's log whether it was sent; set a success test that reads the body, or correct message_id.",
    ),
    ErrorMeaning(code="429", error=Throttled, meaning="Too many requests.", remedy="Ask the gateway for a higher rate."),
    ErrorMeaning(code="503", error=ServerFault, meaning="The gateway is not available.", remedy="None; it is tried again."),
    ErrorMeaning(code="500", error=ServerFault, meaning="The gateway failed.", remedy="None; it is tried again."),
    ErrorMeaning(code="401", error=CredentialsRejected, meaning="The credentials are missing or wrong.", remedy="Correct outbound.auth."),
    ErrorMeaning(
        code="403", error=CredentialsRejected, meaning="The account may not do this.", remedy="Check the account's rights and credit."
    ),
    ErrorMeaning(
        code="407",
        error=CredentialsRejected,
        meaning="A proxy in front of the gateway asks for credentials.",
        remedy="Correct outbound.url.",
    ),
    ErrorMeaning(
        code="400",
        error=ContentRejected,
        meaning="The request is refused as it is.",
        remedy="Compare outbound.body with the gateway's manual.",
    ),
    ErrorMeaning(code="404", error=ContentRejected, meaning="The address does not exist.", remedy="Correct outbound.url."),
    ErrorMeaning(code="410", error=ContentRejected, meaning="The address is gone.", remedy="Correct outbound.url."),
    ErrorMeaning(code="413", error=ContentRejected, meaning="The message is too large.", remedy="Set split to “us”."),
    ErrorMeaning(code="422", error=ContentRejected, meaning="The values are refused.", remedy="Check number_format and the sender."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayCall(HttpCall):
    """A call that knows how this channel's gateway answers; ``rules`` None is judged by HTTP status alone."""

    rules: OutboundConfig | None = None


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """Return if the gateway took the message, gave out a file, or said where it is.

    Raises:
        DeliveryError: of the class that a configured rule names; ContentRejected for a 2xx that fails the success test; OutcomeUnknown for
            one without the id that it should have, where nothing else in the body tells a success; else by HTTP status.
    """
    rules = call.rules if isinstance(call, GatewayCall) else None
    if rules is None:
        if not (call.purpose == DOWNLOAD and response.status in _MOVED):
            raise_for_status(response)
        return
    body = _body_text(response)
    for rule in rules.errors:
        if (code := _matched_code(rule, response, body)) is not None:
            raise _error(rule, code, rules.retry_after.header, response)
    if _is_success(rules, response, body):
        if rules.message_id.is_set and not rules.success.tests_body and not message_id_of(rules.message_id, response):
            raise OutcomeUnknown(f"the gateway answered HTTP {response.status} without a message id", provider_code="no_message_id")
        return
    if response.status == 429:
        raise Throttled(
            "the gateway asks us to slow down", provider_code="429", retry_after_s=_retry_after_s(rules.retry_after.header, response)
        )
    if response.status == 503 and (wait_s := _retry_after_s(rules.retry_after.header, response)) is not None:
        raise Throttled("the gateway is busy", provider_code="503", retry_after_s=wait_s)
    raise_for_status(response)
    raise ContentRejected(
        f"the gateway answered HTTP {response.status}, but not what the success test expects", provider_code="not_confirmed"
    )


def message_id_of(rule: MessageIdRule, response: HttpResponse) -> str:
    """The gateway's id of the message, ``""`` where the answer has none."""
    found: str | None = None
    if rule.json_path:
        found = next(iter(json_values(response.json(), rule.json_path)), None)
    elif rule.regex:
        match = re.search(rule.regex, _body_text(response))
        found = match[1] if match else None
    elif rule.header:
        found = response.headers.get(rule.header.lower())
    text = clean(found or "").strip()
    return text if len(text) <= MAX_ID_CHARS else ""


def _body_text(response: HttpResponse) -> str:
    return response.text[:SEARCHED_CHARS]


def _matched_code(rule: ErrorRule, response: HttpResponse, body: str) -> str | None:
    """What to show the operator as the gateway's own code, or None where ``rule`` does not match."""
    if rule.status and response.status not in rule.status:
        return None
    if rule.body_regex and not re.search(rule.body_regex, body):
        return None
    if not rule.json_path:
        return str(response.status)
    codes = json_values(response.json(), rule.json_path)
    return next((clean(code)[:MAX_CODE_CHARS] for code in codes if code and (not rule.codes or code in rule.codes)), None)


def _error(rule: ErrorRule, code: str, retry_after_header: str, response: HttpResponse) -> DeliveryError:
    error = ERROR_CLASSES[rule.error_class]
    wait_s = _retry_after_s(retry_after_header, response) if error is Throttled else None
    message = rule.reason or f"the gateway answered HTTP {response.status}, which a rule of this channel calls “{rule.error_class}”"
    return error(message, provider_code=code, retry_after_s=wait_s)


def _is_success(rules: OutboundConfig, response: HttpResponse, body: str) -> bool:
    test = rules.success
    if response.status not in test.status:
        return False
    if test.body_regex and not re.search(test.body_regex, body):
        return False
    if not test.json_path:
        return True
    values = json_values(response.json(), test.json_path)
    return test.equals in values if test.equals else bool(values)


def _retry_after_s(header: str, response: HttpResponse) -> float | None:
    named = HttpResponse(status=response.status, headers={"retry-after": response.headers.get(header.lower(), "")})
    return named.retry_after_s
