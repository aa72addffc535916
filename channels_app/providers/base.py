"""What a messaging platform must be able to say about itself: pure functions and data, no I/O, no Django, no clock."""

from __future__ import annotations

import urllib.parse
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    DeliveryError,
    ServerFault,
    Throttled,
    UnsupportedContent,
)
from connector_platform.core.events import Content, File, ParsedCallback, Profile, Receipt, ReceiptKind
from connector_platform.core.rich import Choice, Loss, pick_payload


class ProviderConfig(BaseModel):
    """Base of every ``config_model``: one model is the admin form, the REST body and the OpenAPI schema.

    Secrets are ``SecretStr``: encrypted at rest, write-only, redacted everywhere. Every field has a ``title`` and a ``description``
    that tells an operator where to find the value.
    """

    # A refused value may be a secret: pydantic would quote it in the error's text.
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)


class TextUnit(StrEnum):
    CHARACTERS = "characters"
    UTF16 = "utf16"
    BYTES = "bytes"
    SEGMENTS = "segments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the channel can do; shown to operators, read by the engine. False is the safe default."""

    max_text: int
    text_unit: TextUnit = TextUnit.CHARACTERS
    images_in: bool = False
    images_out: bool = False
    files_in: bool = False
    files_out: bool = False
    locations_in: bool = False
    quick_replies: bool = False
    buttons: bool = False
    typing_in: bool = False
    typing_out: bool = False
    typing_repeat_s: int | None = None  # the platform's indicator fades; repeat this often while the agent composes
    mark_read_out: bool = False  # the platform can show the consumer that the agent read
    delivered_receipts: bool = False
    read_receipts: bool = False
    close_in: bool = False
    dedupes_sends: bool = False  # the vendor drops a second send with the same identity: an unknown outcome may be retried


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest:
    """A callback as it came. Header names are lower-case; ``path`` is what follows the channel's callback URL (``""``, ``/status``).

    ``public_url`` is the address that the vendor called, as far as the query: under ``PUBLIC_URL``, never under the name that a proxy or the
    sender gave. Some vendors sign it.
    """

    method: str
    public_url: str = ""
    path: str = ""
    query_string: str = ""
    headers: Mapping[str, str]
    body: bytes = b""
    remote_address: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The query parameters, the last of each name; undecodable bytes become U+FFFD."""
        return dict(urllib.parse.parse_qsl(self.query_string, keep_blank_values=True, errors="replace"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAnswer:
    """What the platform expects to be answered."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendContext:
    """What a provider may know besides the event and its configuration.

    ``message_id`` is ours, the same on every retry. ``callback_url`` is where the vendor calls, without a trailing slash: the provider app's
    address where there is one, else the channel's own.
    ``last_inbound_at`` is when the consumer last wrote (messaging windows). ``app`` is the provider app's config where there is one.
    ``to`` is the vendor's id of the person. ``recent_source_ids`` are the ``source_id`` of what the person did last, newest first, for
    vendors that want a message named when typing or reading is shown; only there for a ``ChatState`` or ``Receipt``.
    ``by_bot``: a bot of the account or the platform itself is known to have written the content, for vendors that let only people answer late.
    False is a person, or an author whom LivePerson does not tell apart from one.
    """

    to: str
    message_id: str
    channel_id: str
    callback_url: str
    now: datetime
    app: ProviderConfig | None = None
    last_inbound_at: datetime | None = None
    api_base: str = ""  # where the vendor's API is, without a trailing slash; empty is the vendor's own address
    recent_source_ids: tuple[str, ...] = ()
    by_bot: bool = False

    def payload_for(self, choice: Choice) -> str:
        """What to put behind a button of this message, for ``plan``: a tap that brings it back names exactly this choice."""
        return pick_payload(self.message_id, choice)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The far side took it. One tuple a part that it became; in each the ids by which the vendor will speak of that part.

    Empty where the vendor gives no ids (typing, marks). ``losses`` tells what the channel could not show as it was meant, ``shown`` what
    the message offered to choose from.
    """

    parts: tuple[tuple[str, ...], ...] = ()
    losses: tuple[Loss, ...] = ()
    shown: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorMeaning:
    """One row of a provider's error table: the vendor's ``code``, the type that it means, words for the operator, a remedy.

    ``again``: how many times a message goes out anew that the vendor had taken and then reports with this code; None is twice where the type
    is retryable, else never.
    """

    code: str
    error: type[DeliveryError]
    meaning: str
    remedy: str = ""
    again: int | None = None

    def receipt(self, message_ids: tuple[str, ...], reason: str) -> Receipt:
        """The receipt of messages that the vendor had taken, and then reports with this code."""
        again = (2 if self.error.retryable else 0) if self.again is None else self.again
        breaks = issubclass(self.error, CredentialsRejected | ConfigurationError)
        return Receipt(kind=ReceiptKind.FAILED, message_ids=message_ids, reason=reason, again=again, breaks_channel=breaks)


class ErrorTable(tuple[ErrorMeaning, ...]):
    """The rows of one vendor's error table, and what of them an answer means. A finer row is ``code/part``."""

    vendor: str

    def __new__(cls, vendor: str, *rows: ErrorMeaning) -> Self:
        table = super().__new__(cls, rows)
        table.vendor = vendor
        return table

    def find(self, *codes: str) -> ErrorMeaning | None:
        """The row of the first of ``codes`` that has one."""
        return next((row for code in codes for row in self if row.code == code), None)

    def find_described(self, code: str, words: str) -> ErrorMeaning | None:
        """The row ``code/part`` whose part stands in the vendor's ``words``, whatever their letter case; else that of ``code``."""
        words, prefix = words.lower(), f"{code}/"
        finer = next((row for row in self if row.code.startswith(prefix) and row.code.removeprefix(prefix) in words), None)
        return finer or self.find(code)

    def error(self, row: ErrorMeaning, response: HttpResponse, *, wait_s: float | None = None) -> DeliveryError:
        """What ``row`` means, in words for the operator; a throttled call waits ``wait_s``, else as long as the head of ``response`` asks."""
        asked_s = response.retry_after_s if wait_s is None else wait_s
        message = f"{self.vendor}: {row.meaning} ({row.code}). {row.remedy}".rstrip()
        return row.error(message, provider_code=row.code, retry_after_s=asked_s if issubclass(row.error, Throttled) else None)


class Provider(ABC):
    """One messaging platform. Instances hold no state; one per process stands in the registry.

    Callbacks are verified, and handshakes answered, with the config that owns the callback: the provider app's where ``app_config_model``
    is set (one vendor app, many channels), else the channel's.
    """

    slug: ClassVar[str]  # stored in the database and part of callback URLs: never renamed
    title: ClassVar[str]
    config_model: ClassVar[type[ProviderConfig]]
    app_config_model: ClassVar[type[ProviderConfig] | None] = None
    capabilities: ClassVar[Capabilities]
    event_types: ClassVar[Mapping[str, str]]  # every wire event we know of -> what becomes of it (for docs; contract-tested)
    errors: ClassVar[tuple[ErrorMeaning, ...]] = ()
    callback_paths: ClassVar[tuple[str, ...]] = ("",)  # what may follow the callback URL
    docs_url: ClassVar[str] = ""
    registers_webhook: ClassVar[bool] = False  # the vendor has an API for the callback address: ``register_webhook`` and its counterpart

    renews_credentials: ClassVar[bool] = False  # the vendor's credentials end by themselves: ``renew_credentials`` exchanges them in time

    @abstractmethod
    def verify(self, request: CallbackRequest, config: Any, *, now: datetime) -> None:
        """Return if ``request`` is authentic.

        Raises:
            SignatureInvalid: it is not, or is stale. For any bytes whatsoever: this, never another exception.
        """

    def handshake(self, request: CallbackRequest, config: Any) -> CallbackAnswer | None:
        """The answer to the platform's set-up challenge, or None where ``request`` is not one. Called before ``verify``.

        Raises:
            SignatureInvalid: a challenge with the wrong token.
        """
        return None

    @abstractmethod
    def parse(self, request: CallbackRequest, config: Any) -> ParsedCallback:
        """Every event of a verified callback. Events that are not understood are named in ``ignored`` or become ``Unsupported``.

        Raises:
            PayloadMalformed: the body cannot be read. For any bytes: this, never another exception. It is kept raw for replay and answered
                with the error's ``status``: 400, or 200 where the vendor would repeat it in vain or block what follows.
        """

    def answer(self, request: CallbackRequest, config: Any, parsed: ParsedCallback) -> CallbackAnswer:
        """What the platform expects to hear once the events are stored."""
        return CallbackAnswer()

    @abstractmethod
    def address(self, config: Any) -> str:
        """The vendor's address of the channel (page id, number), as callbacks name it. Unique per provider and installation."""

    @abstractmethod
    def send(self, content: Content, config: Any, context: SendContext) -> Steps[Sent]:
        """The calls that ``content`` takes. ``interpret`` has passed every answer before the generator is sent it.

        A ``DeliveryError`` (of the transport, or from ``interpret``) is raised at the ``yield``: a generator may catch ``ContentRejected``
        there and yield the same content in another form. Any other is to be let through.

        Raises:
            UnsupportedContent: the channel has no form for it.
            WindowClosed: known without a call.
        """

    def fetch_file(self, file: File, config: Any, context: SendContext) -> Steps[bytes]:
        """The bytes of a file that a consumer sent. This default fetches ``file.url``; override it where only the vendor's handle
        (``file.media_id``) is known, or where the download wants credentials. Every call has ``effect=False``.

        Raises:
            UnsupportedContent: there is nothing to fetch it by. DeliveryError: the vendor's answer.
        """
        if not file.url:
            raise UnsupportedContent("the file has no address")
        response = yield HttpCall(method="GET", url=file.url, purpose="fetch_file", effect=False)
        return response.body

    def look_up_profile(self, config: Any, context: SendContext) -> Steps[Profile | None]:
        """What the vendor tells about the person ``context.to`` on request; None where it tells nothing beyond its callbacks.

        Asked once, before a conversation is opened for somebody whose name is not known; a failure leaves the name out.
        """
        yield from ()  # a generator, like every other
        return None

    def dedupes_sends(self, config: Any) -> bool:
        """Whether a repeated send with the same identity is dropped by the vendor, so that a lost answer may simply be retried."""
        return self.capabilities.dedupes_sends

    def interpret(self, call: HttpCall, response: HttpResponse) -> None:
        """Return if ``response`` is a success; else raise the ``DeliveryError`` that it means. This default goes by HTTP status.

        Raises:
            DeliveryError: the subclass decides what happens next.
        """
        raise_for_status(response)

    def register_webhook(self, config: Any, context: SendContext) -> Steps[str]:
        """Tell the vendor that callbacks go to ``context.callback_url``, or, with a provider app, that the app is to be told of this channel.
        Returns a sentence for the operator. Asked again, it changes nothing; whether it is still so is for ``check`` to say.

        Only called where ``registers_webhook``; every call has ``effect=False``.

        Raises:
            DeliveryError: the vendor's answer.
        """
        yield from ()
        raise ConfigurationError("this vendor's callback address is entered by hand")

    def remove_webhook(self, config: Any, context: SendContext) -> Steps[str]:
        """Tell the vendor to call us no more for this channel; as ``register_webhook`` otherwise."""
        yield from ()
        raise ConfigurationError("this vendor's callback address is removed by hand")

    def renew_credentials(self, config: Any, context: SendContext) -> Steps[dict[str, str]]:
        """The fields of ``config`` with a fresh credential in them; empty where this channel's has no end, or not for weeks.

        Only called where ``renews_credentials``, now and then, long before the end; every call has ``effect=False``. The old one has to be good
        until the fresh one is stored.

        Raises:
            DeliveryError: the vendor's answer. CredentialsRejected: it ends soon, and only a person can get another.
        """
        yield from ()
        return {}

    def check(self, config: Any, context: SendContext) -> Steps[str]:
        """The vendor's own cheap call that tells whether the credentials work; returns a sentence for the operator.

        Raises:
            DeliveryError: they do not, with the reason.
        """
        yield from ()  # a generator, like every other
        return "This provider has no credential check."


def raise_for_status(response: HttpResponse) -> None:
    """What an HTTP status means where the vendor's body says nothing more.

    Raises:
        Throttled: 429. ServerFault: 5xx. CredentialsRejected: 401, 403, 407. ContentRejected: any other that is not 2xx.
    """
    status, detail = response.status, f"the far side answered HTTP {response.status}"
    if response.is_success:
        return
    if status == 429 or (status == 503 and response.retry_after_s is not None):
        raise Throttled(detail, provider_code=str(status), retry_after_s=response.retry_after_s)
    if status >= 500:
        raise ServerFault(detail, provider_code=str(status))
    if status in (401, 403, 407):
        raise CredentialsRejected(detail, provider_code=str(status))
    raise ContentRejected(detail, provider_code=str(status))
