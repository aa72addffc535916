"""What LivePerson's refusals mean. Generators here raise these themselves; ``interpret`` may also be called ahead of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    ConversationGone,
    CredentialsRejected,
    DeliveryError,
    OutcomeUnknown,
    ServerFault,
    Throttled,
)
from connector_platform.core.redaction import MASK, redact

# LivePerson asks for at least 1 s between retries and publishes no other number for 429.
MIN_RETRY_AFTER_S = 1.0
_MAX_DETAIL_CHARS = 200


class Purpose(StrEnum):
    """What a call is for; decides how its answer is read, and names it in metrics."""

    DOMAINS = "fetch_domains"
    APP_JWT = "fetch_app_jwt"
    CONSUMER_JWS = "fetch_consumer_jws"
    CREATE = "create_conversation"
    TEXT = "send_text"
    CHAT_STATE = "send_chat_state"
    ACCEPT_STATUS = "send_accept_status"
    CLOSE = "close"
    PROFILE = "set_profile"
    CSAT = "send_csat"
    FILE = "send_file"
    FILE_URL = "fetch_file_url"
    UPLOAD = "upload"
    ENGAGEMENT = "fetch_engagement"


class TokenKind(StrEnum):
    APP_JWT = "app_jwt"
    CONSUMER_JWS = "consumer_jws"


class TokensRejected(DeliveryError):
    """A token, or both, is not accepted: fetch what ``refresh`` names and try once more, never a third time.

    Not ``retryable``: the same tokens will never do.
    """

    code = "tokens_rejected"
    refresh: frozenset[TokenKind] = frozenset(TokenKind)


class AppTokenRejected(TokensRejected):
    """The AppJWT is expired or invalid. Rejected again after a refresh: wrong account, or the app install is disabled."""

    code = "app_token_rejected"
    refresh = frozenset({TokenKind.APP_JWT})


class ConsumerTokenRejected(TokensRejected):
    """The ConsumerJWS is invalid, or the conversation is another consumer's. Again after a refresh: fatal for this message."""

    code = "consumer_token_rejected"
    refresh = frozenset({TokenKind.CONSUMER_JWS})


class ConversationAlreadyOpen(DeliveryError):
    """The consumer has an open conversation, so no second one was opened; LivePerson does not say which one it is.

    Its id comes with conversation-change webhooks. The profile may have been set all the same: ``profile_set``.
    """

    code = "conversation_already_open"

    def __init__(self, message: str, *, provider_code: str = "", retry_after_s: float | None = None, profile_set: bool = False) -> None:
        super().__init__(message, provider_code=provider_code, retry_after_s=retry_after_s)
        self.profile_set = profile_set


class NotReadyYet(ServerFault):
    """LivePerson does not find the conversation or the dialog, as may happen for a moment after it was opened.

    Where it was opened minutes ago, treat this as ``ConversationGone``.
    """

    code = "not_ready_yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMeaning:
    """One row of the error table: LivePerson's ``code``, the type that it becomes, words for the operator, a remedy."""

    code: str
    error: type[DeliveryError]
    meaning: str
    remedy: str


# Source: https://developers.liveperson.com/connector-api-send-api-authorization-and-authentication.html (archived copy, checked 2026-11).
# Titles may change, so errorCode alone counts.
# The page's sample pairs "AppJWT is missing" with 40104, its table with 40105: both mean the same to us.
_AUTHORIZATION: dict[str, tuple[type[TokensRejected], str]] = {
    "40001": (AppTokenRejected, "the account is missing in the URL, or the AppJWT lacks a claim"),
    "40102": (AppTokenRejected, "the AppJWT is expired or invalid"),
    "40103": (ConsumerTokenRejected, "the ConsumerJWS is invalid, or the conversation is another consumer's"),
    "40104": (TokensRejected, "a token header is missing"),
    "40105": (TokensRejected, "a token header is missing"),
}
_BOTH_RENEWED = "Both tokens are renewed by themselves once."
_NEW_APP_JWT = "Renewed by itself once. If it stays: check the account id and that the app install is enabled."

ERRORS: tuple[ErrorMeaning, ...] = (
    ErrorMeaning(code="40001", error=AppTokenRejected, meaning=_AUTHORIZATION["40001"][1], remedy=_NEW_APP_JWT),
    ErrorMeaning(code="40102", error=AppTokenRejected, meaning=_AUTHORIZATION["40102"][1], remedy=_NEW_APP_JWT),
    ErrorMeaning(
        code="40103",
        error=ConsumerTokenRejected,
        meaning=_AUTHORIZATION["40103"][1],
        remedy="Renewed by itself once. If it stays, this message is given up.",
    ),
    ErrorMeaning(code="40104", error=TokensRejected, meaning=_AUTHORIZATION["40104"][1], remedy=_BOTH_RENEWED),
    ErrorMeaning(code="40105", error=TokensRejected, meaning=_AUTHORIZATION["40105"][1], remedy=_BOTH_RENEWED),
    ErrorMeaning(code="401", error=TokensRejected, meaning="a token is not accepted, without a reason", remedy=_BOTH_RENEWED),
    ErrorMeaning(
        code="403",
        error=CredentialsRejected,
        meaning="the app install may not do this on the account",
        remedy="Check that the app install is enabled and has the scope msg.consumer.",
    ),
    ErrorMeaning(
        code="404",
        error=ConfigurationError,
        meaning="the address is not the Connector API's",
        remedy="Check the Domain API's URL in the app's settings; a proxy in between may also answer so.",
    ),
    ErrorMeaning(
        code="conversation_closed",
        error=ConversationGone,
        meaning="the conversation was closed",
        remedy="Nothing to do: a new one is opened and the message is sent there.",
    ),
    ErrorMeaning(
        code="conversation_open",
        error=ConversationAlreadyOpen,
        meaning="the consumer already has an open conversation",
        remedy="Nothing to do if it is ours. If another connector opened it, messages go there once it is known.",
    ),
    ErrorMeaning(
        code="not_found",
        error=NotReadyYet,
        meaning="the conversation or the dialog is not found",
        remedy="Tried again for a while: LivePerson may need a moment after opening one.",
    ),
    ErrorMeaning(
        code="BAD_REQUEST",
        error=ContentRejected,
        meaning="LivePerson cannot accept the request, too long (5000 characters) for instance",
        remedy="Read LivePerson's words in the attempt. The message is given up.",
    ),
    ErrorMeaning(code="429", error=Throttled, meaning="too many requests at once", remedy="Slowed down by itself, by at least 1 s."),
    ErrorMeaning(code="451", error=ContentRejected, meaning="LivePerson blocks the request", remedy="Ask LivePerson's support."),
    ErrorMeaning(code="5xx", error=ServerFault, meaning="LivePerson failed", remedy="Tried again on the schedule."),
    ErrorMeaning(
        code="unreadable",
        error=OutcomeUnknown,
        meaning="answered as a success, but without anything to read in it",
        remedy="Look into the conversation: the message may have arrived.",
    ),
)
"""LivePerson's refusals for the docs; the tests hold ``interpret`` to each row."""

_CLOSED = re.compile(r"conversation is close", re.IGNORECASE)
_ALREADY_OPEN = re.compile(r"already has (an )?open conversation", re.IGNORECASE)
_NOT_FOUND = re.compile(
    r"\b(conversation|dialog)\b.*(not found|n[o']t exist|unknown)|(not found|unknown|no( such)?)\b.*\b(conversation|dialog)", re.IGNORECASE
)
_OK_CODES = frozenset({"OK", "200", "201", "202"})
_THROTTLED_CODES = frozenset({"TOO_MANY_REQUESTS", "429"})
_UNAUTHORIZED_CODES = frozenset({"UNAUTHORIZED", "401"})
_SERVER_CODES = re.compile(r"INTERNAL\w*|SERVER_ERROR|SERVICE_UNAVAILABLE|\w*TIMEOUT|BAD_GATEWAY|5\d\d")


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """Return if ``response`` is a success of ``call``; else raise what it means.

    The Send API's answers are read by their elements' codes, whatever the HTTP status says. Of an opening that succeeded while the
    profile was refused, this says success.

    Raises:
        TokensRejected: fetch the tokens in ``refresh`` and try once more (``AppTokenRejected``, ``ConsumerTokenRejected``: that one).
        ConversationGone: it was closed. ConversationAlreadyOpen: no second one is opened. NotReadyYet: not found, try again.
        CredentialsRejected, ConfigurationError: the operator must act.
        ContentRejected: never to be accepted; with LivePerson's words, without the consumer's.
        Throttled, ServerFault: try later. OutcomeUnknown: a success that says nothing.

    Source: https://developers.liveperson.com/connector-api-send-api-authorization-and-authentication.html (archived copy, checked 2026-11).
    """
    status = response.status
    if status == 429:
        _throttled(response)
    if status >= 500 or status == 408:
        raise ServerFault(f"LivePerson answered HTTP {status}", provider_code=str(status), retry_after_s=response.retry_after_s)
    if call.purpose == Purpose.DOMAINS:
        _interpret_domains(call, response)
    elif call.purpose == Purpose.APP_JWT:
        _interpret_app_jwt(call, response)
    elif call.purpose == Purpose.CONSUMER_JWS:
        _interpret_consumer_jws(response)
    elif call.purpose == Purpose.UPLOAD:
        _interpret_upload(response)
    elif call.purpose == Purpose.ENGAGEMENT:
        _interpret_engagement(call, response)
    else:
        _interpret_send_api(call, response)


def _interpret_domains(call: HttpCall, response: HttpResponse) -> None:
    # 401 is how an unknown account is answered.
    if not response.is_success:
        raise ConfigurationError(
            f"LivePerson's Domain API does not know account {_account_of(call)} (HTTP {response.status}): check the account id",
            provider_code=str(response.status),
        )


def _interpret_app_jwt(call: HttpCall, response: HttpResponse) -> None:
    status = response.status
    if status in (400, 401, 403):
        client_id = parse_qs(call.body.decode("ascii", "replace")).get("client_id", [""])[0]
        raise CredentialsRejected(
            f"LivePerson refused the app install: account {_account_of(call)}, client id {client_id} (HTTP {status}). Check that the app "
            "install is enabled on this account and that the client secret entered here is its current one.",
            provider_code=str(status),
        )
    if not response.is_success:
        _not_the_service("Sentinel", response)


def _interpret_consumer_jws(response: HttpResponse) -> None:
    status = response.status
    if status in (401, 403):
        raise AppTokenRejected(f"LivePerson's IDP did not accept the AppJWT (HTTP {status})", provider_code=str(status))
    if status < 400 or status in (404, 405):
        if not response.is_success:
            _not_the_service("IDP", response)
        return
    raise ContentRejected(f"LivePerson's IDP refused the consumer (HTTP {status})", provider_code=str(status))


def _interpret_upload(response: HttpResponse) -> None:
    status = response.status
    # 401: the URL is invalid or expired. The next try asks for a new one.
    if status in (401, 403):
        raise ServerFault("the upload URL of LivePerson's file storage has expired", provider_code=str(status))
    if not response.is_success:
        raise ContentRejected(f"LivePerson's file storage refused the file (HTTP {status})", provider_code=str(status))


def _interpret_engagement(call: HttpCall, response: HttpResponse) -> None:
    status = response.status
    if status in (401, 403, 404):
        raise ConfigurationError(
            f"LivePerson's Monitoring API does not know this app on account {_account_of(call)} (HTTP {status})", provider_code=str(status)
        )
    if not response.is_success:
        raise ContentRejected(f"LivePerson's Monitoring API refused the question (HTTP {status})", provider_code=str(status))


def _interpret_send_api(call: HttpCall, response: HttpResponse) -> None:
    status = response.status
    elements = send_api_elements(response)
    for element in elements:
        error_code = str(_body(element).get("errorCode", ""))
        if error_code in _AUTHORIZATION:
            error, meaning = _AUTHORIZATION[error_code]
            raise error(f"LivePerson: {meaning}", provider_code=error_code)
    if call.purpose == Purpose.CREATE and created_conversation_id(response):
        return
    failed = [element for element in elements if not is_ok(element)]
    if failed and status not in (401, 403, 407):
        _refused(call, response, elements, failed)
    if status == 401:
        raise TokensRejected("LivePerson does not accept a token and does not say which", provider_code="401")
    if status in (403, 407):
        raise CredentialsRejected(f"LivePerson does not let the app install do this (HTTP {status})", provider_code=str(status))
    if status in (404, 405) or 300 <= status < 400:
        _not_the_service("Send API", response)
    if not response.is_success:
        raise ContentRejected(f"LivePerson refused the request (HTTP {status})", provider_code=str(status))
    if not elements or call.purpose == Purpose.CREATE:
        detail = f"LivePerson answered HTTP {status}, but not what became of the request"
        raise (OutcomeUnknown if call.effect else ServerFault)(detail, provider_code="unreadable")


def _refused(call: HttpCall, response: HttpResponse, elements: list[dict[str, Any]], failed: list[dict[str, Any]]) -> NoReturn:
    """Raise what the failed elements of a Send API answer mean."""
    messages = [_message(element) for element in failed]
    if any(_ALREADY_OPEN.search(message) for message in messages):
        raise ConversationAlreadyOpen(
            "the consumer already has an open conversation", provider_code="conversation_open", profile_set=any(map(is_ok, elements))
        )
    if any(_CLOSED.search(message) for message in messages):
        raise ConversationGone("LivePerson has closed the conversation", provider_code="conversation_closed")
    if any(_NOT_FOUND.search(message) for message in messages):
        raise NotReadyYet("LivePerson does not find the conversation", provider_code="not_found", retry_after_s=MIN_RETRY_AFTER_S)
    code = str(failed[-1]["code"])
    if code in _THROTTLED_CODES:
        _throttled(response)
    if code in _UNAUTHORIZED_CODES:
        raise TokensRejected("LivePerson does not accept a token and does not say which", provider_code=code)
    if _SERVER_CODES.fullmatch(code):
        raise ServerFault(f"LivePerson failed: {code}", provider_code=code)
    detail = _in_our_words(call, messages[-1])
    raise ContentRejected(f"LivePerson refused the request: {detail or code}", provider_code=code)


def send_api_elements(response: HttpResponse) -> list[dict[str, Any]]:
    """The elements of a Send API answer that carry a ``code``: of a list, or the one object; ``[]`` where there are none."""
    payload = response.json()
    candidates = payload if isinstance(payload, list) else [payload]
    return [element for element in candidates if isinstance(element, dict) and isinstance(element.get("code"), str | int)]


def is_ok(element: dict[str, Any]) -> bool:
    """Whether ``element`` says success. REST answers carry words (``OK``), the websocket's numbers."""
    return str(element["code"]).upper() in _OK_CODES


def created_conversation_id(response: HttpResponse) -> str:
    """The id of the conversation that ``response`` says was opened; empty where it says none."""
    for element in send_api_elements(response):
        conversation_id = _body(element).get("conversationId")
        if is_ok(element) and isinstance(conversation_id, str) and conversation_id:
            return conversation_id
    return ""


def _throttled(response: HttpResponse) -> NoReturn:
    retry_after_s = max(MIN_RETRY_AFTER_S, response.retry_after_s or 0.0)
    raise Throttled("LivePerson asks to slow down", provider_code="429", retry_after_s=retry_after_s)


def _not_the_service(service: str, response: HttpResponse) -> NoReturn:
    raise ConfigurationError(
        f"HTTP {response.status}: this is not the address of LivePerson's {service}; check the Domain API's URL",
        provider_code=str(response.status),
    )


def _account_of(call: HttpCall) -> str:
    found = re.search(r"/account/([^/]+)/", urlsplit(call.url).path)
    return found[1] if found else ""


def _body(element: dict[str, Any]) -> dict[str, Any]:
    body = element.get("body")
    return body if isinstance(body, dict) else {}


def _message(element: dict[str, Any]) -> str:
    words = element.get("body")
    if isinstance(words, dict):
        words = words.get("msg")
    return words if isinstance(words, str) else ""


def _in_our_words(call: HttpCall, message: str) -> str:
    """LivePerson's ``message`` on one line, cut, and without anything that the call itself said (the consumer's words, names ...)."""
    try:
        said = sorted(set(_strings(json.loads(call.body))), key=len, reverse=True)
    except (ValueError, RecursionError):
        said = []
    message = redact(message, (words for words in said if len(words) > 3))
    for words in said:
        # Short words only as whole ones, else "no" would be cut out of "not"; writing without blanks has no whole words.
        if 0 < len(words) <= 3:
            message = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)" if words.isascii() else re.escape(words), MASK, message)
    return " ".join(message.split())[:_MAX_DETAIL_CHARS]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
