"""What a provider gives the contract suite: examples of its wire format and an obliging vendor.

A provider called ``telegram`` puts ``CASE = ProviderCase(...)`` into ``tests/providers/telegram/case.py``; the suite finds it by the
slug in the registry. A provider without a case fails the suite. ``pytest tests/providers/contract -k telegram`` runs one provider's share.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from channels_app.providers.base import CallbackRequest, Provider, ProviderConfig, SendContext, Sent
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.errors import DeliveryError
from connector_platform.core.events import Content, ParsedCallback, Text, content_to_json
from connector_platform.core.redaction import secret_values

Result = TypeVar("Result")

NOW = datetime(2026, 10, 26, 8, 0, 0, tzinfo=UTC)
"""The suite's clock. ``ProviderCase.sign`` dates its signatures with it (1793001600 in epoch seconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSample:
    """A text message that the suite wants to see on the wire.

    ``source_id`` is for the vendor's own id of the message (mid, update id ...); wire formats without one may use it in any way that
    makes equal samples equal and different samples different. ``escaped`` asks for the format's other legal spelling of the same text:
    ``\\uXXXX`` in JSON, percent-encoding in forms; formats with one spelling ignore it.
    """

    text: str
    consumer_id: str
    source_id: str
    escaped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeSample:
    """The vendor's set-up challenge: ``request`` must be answered with exactly ``answer_body``, ``refused`` with SignatureInvalid."""

    request: CallbackRequest
    answer_body: bytes
    refused: CallbackRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSample:
    """The vendor's answer for one row of ``Provider.errors``.

    ``content`` is what is being sent when it arrives (its first call gets ``response``); ``config`` replaces the case's, where the row
    needs another one. The error may come from ``interpret`` or from inside ``send``.
    """

    response: HttpResponse
    content: Content = field(default_factory=lambda: Text(text="hello"))
    config: ProviderConfig | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCase:
    """Everything that the suite has to know about one provider. Requests are given unsigned; the suite signs them.

    Required:
        provider: the instance under test.
        config: a channel's configuration, valid, with an invented value of 12 characters or more in every secret field (the canaries).
        fixtures_dir: the folder of recorded callbacks: ``<event>__<variant>.<ext>`` with ``<event>__<variant>.expected.json`` beside each.
            ``python -m tests.providers.contract.write_expected <slug>`` writes the expectations, for review by eye.
        sign: makes a request authentic at ``NOW``, replacing whatever credentials it carries.
        text_callback: a callback with this one text message, unsigned.
        unknown_callback: a callback with an event kind that the vendor may invent tomorrow, unsigned.
        answer: the obliging vendor. Given a call and its number (0, 1, ...) within the send, the success that the vendor would answer, with
            another message id for each number. Answers the calls of ``check``, too.
        sent_text: the message text that a call carries towards the consumer; ``""`` where it carries none.
        consumer_ids: two ids of people in the vendor's own form.

    Callbacks:
        app_config: the provider app's configuration where ``app_config_model`` is set, with canaries.
        signature_header: lower-case name of the header with the signature or secret.
        replace_signature: only where that is no header: a copy of the request with the credential's text replaced, or gone for None.
        signs_body: False where the credential is a static secret that says nothing about the body.
        signature_lifetime: how long after (and before) ``NOW`` a signature made at ``NOW`` is taken; None where signatures do not age.
        fixture_request: the unsigned request that a fixture file stands for. Default: POST of its bytes as JSON to the path ``""``.
        fixture_config: the configuration that a fixture is parsed with. Default: ``owner``.
        echo_callback: the vendor's copy of a message of our own, unsigned; None where the vendor sends none.
        batch_callback: several messages in one callback, unsigned; None where the vendor sends one at a time.
        handshake: None where the vendor has no challenge.

    Sending:
        text_limit: the longest run of ``a`` that ``config`` sends in one call. Default: ``capabilities.max_text``.
        rendered: the vendor's message object (or text) in a call, JSON-ready, for the matrix of templates in ``tests/core/rich``; None stays out.
        payload_comes_back: False where a tap brings back its title only, so that nothing of ours stands behind a button.
        splits_text: False where longer texts go out in one call too, because the vendor cuts them.
        honours_api_base: False where the address is the tenant's own and part of the configuration.
        gives_ids: False where the vendor names no message ids, so that ``Sent.parts`` stays empty or holds ours.
        recent_source_ids: what the person did last, as the context of a mark tells it; where typing and reading need a message.
        secrets_in_url: True where the vendor demands a secret in the URL; it must then vanish under ``redact``.
        error_samples: one for every ``code`` in ``Provider.errors``.

    Configuration:
        bad_configs: (name of the field at fault, data for ``config_model``) pairs; each must be refused with a sentence that names it or
            is filed under it.
        bad_app_configs: the same for ``app_config_model``.
    """

    provider: Provider
    config: ProviderConfig
    fixtures_dir: Path
    sign: Callable[[CallbackRequest], CallbackRequest]
    text_callback: Callable[[TextSample], CallbackRequest]
    unknown_callback: CallbackRequest
    answer: Callable[[HttpCall, int], HttpResponse]
    sent_text: Callable[[HttpCall], str]
    consumer_ids: tuple[str, str]

    app_config: ProviderConfig | None = None
    signature_header: str = ""
    replace_signature: Callable[[CallbackRequest, str | None], CallbackRequest] | None = None
    signs_body: bool = True
    signature_lifetime: timedelta | None = None
    fixture_request: Callable[[Path], CallbackRequest] | None = None
    fixture_config: Callable[[Path], ProviderConfig] | None = None
    echo_callback: CallbackRequest | None = None
    batch_callback: Callable[[Sequence[TextSample]], CallbackRequest] | None = None
    handshake: HandshakeSample | None = None

    text_limit: int | None = None
    splits_text: bool = True
    rendered: Callable[[HttpCall], Any] | None = None
    payload_comes_back: bool = True
    honours_api_base: bool = True
    gives_ids: bool = True
    recent_source_ids: tuple[str, ...] = ()
    secrets_in_url: bool = False
    error_samples: Mapping[str, ErrorSample] = field(default_factory=dict)

    bad_configs: tuple[tuple[str, dict[str, Any]], ...] = ()
    bad_app_configs: tuple[tuple[str, dict[str, Any]], ...] = ()

    @property
    def owner(self) -> ProviderConfig:
        """The configuration that owns the callback: the provider app's where there is one, else the channel's."""
        return self.app_config or self.config

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every canary, in all forms in which it may show up."""
        return secret_values(self.config) + secret_values(self.app_config)

    def fixtures(self) -> list[Path]:
        """The recorded callbacks, without the expectations and notes that lie beside them."""
        return sorted(path for path in self.fixtures_dir.glob("*__*") if not path.name.endswith((".expected.json", ".md")))

    def request_of(self, fixture: Path) -> CallbackRequest:
        """The signed request that ``fixture`` stands for."""
        if self.fixture_request is not None:
            return self.sign(self.fixture_request(fixture))
        return self.sign(CallbackRequest(method="POST", headers={"content-type": "application/json"}, body=fixture.read_bytes()))

    def config_of(self, fixture: Path) -> ProviderConfig:
        """The configuration that ``fixture`` is parsed with."""
        return self.fixture_config(fixture) if self.fixture_config is not None else self.owner

    def text_request(self, text: str, *, consumer: int = 0, source_id: str = "9001", escaped: bool = False) -> CallbackRequest:
        """A signed callback with one text message."""
        sample = TextSample(text=text, consumer_id=self.consumer_ids[consumer], source_id=source_id, escaped=escaped)
        return self.sign(self.text_callback(sample))

    def with_signature(self, request: CallbackRequest, value: str | None) -> CallbackRequest:
        """``request`` with this text as its signature or secret; None takes it away."""
        if self.replace_signature is not None:
            return self.replace_signature(request, value)
        headers = {name: old for name, old in request.headers.items() if name != self.signature_header}
        if value is not None:
            headers[self.signature_header] = value
        return replace(request, headers=headers)

    def context(self, **changes: Any) -> SendContext:
        """What the platform would tell ``send``: the consumer wrote an hour ago."""
        values: dict[str, Any] = {
            "to": self.consumer_ids[0],
            "message_id": "0192f1c2-0000-7000-8000-000000000001",
            "channel_id": "0192f1c2-0000-7000-8000-0000000000c1",
            "callback_url": "https://connect.example.com/webhooks/callback",
            "now": NOW,
            "app": self.app_config,
            "last_inbound_at": NOW - timedelta(hours=1),
            "recent_source_ids": self.recent_source_ids,
        }
        return SendContext(**{**values, **changes})


def drive(
    provider: Provider, steps: Steps[Result], answer: Callable[[HttpCall, int], HttpResponse], *, max_calls: int = 200
) -> tuple[Result, list[HttpCall]]:
    """What ``steps`` returned and the calls that it made, with every answer passed through ``interpret`` first, as the platform does:
    what that raises is raised at the ``yield``.

    Raises:
        AssertionError: more than ``max_calls`` calls.
        DeliveryError: whatever the provider makes of an answer.
    """
    calls: list[HttpCall] = []
    try:
        call = next(steps)
        while True:
            calls.append(call)
            assert len(calls) <= max_calls, "the provider does not stop calling"
            response = answer(call, len(calls) - 1)
            try:
                provider.interpret(call, response)
            except DeliveryError as error:
                call = steps.throw(error)
            else:
                call = steps.send(response)
    except StopIteration as stop:
        return stop.value, calls


def send(
    case: ProviderCase, content: Content, *, config: ProviderConfig | None = None, context: SendContext | None = None
) -> tuple[Sent, list[HttpCall]]:
    """``content`` sent to the obliging vendor: the result and the calls."""
    return drive(case.provider, case.provider.send(content, config or case.config, context or case.context()), case.answer)


def parsed_to_json(parsed: ParsedCallback) -> dict[str, Any]:
    """``parsed`` in the form of the ``*.expected.json`` files. ``raw`` is left out: it repeats the fixture."""
    events = []
    for event in parsed.events:
        data: dict[str, Any] = {
            "consumer_id": event.consumer_id,
            "source_id": event.source_id,
            "address": event.address,
            "wire_type": event.wire_type,
            "occurred_at": event.occurred_at.isoformat() if event.occurred_at else None,
            "content": content_to_json(event.content),
        }
        if event.profile is not None:
            data["profile"] = {name: getattr(event.profile, name) for name in event.profile.__slots__ if getattr(event.profile, name)}
        events.append(data)
    return {"events": events, "ignored": list(parsed.ignored)}


def expected_path(fixture: Path) -> Path:
    """Where the expectation of ``fixture`` lies: ``message__text.json`` -> ``message__text.expected.json``."""
    return fixture.with_name(f"{fixture.stem}.expected.json")


def load_case(slug: str) -> ProviderCase:
    """The case of the provider called ``slug``.

    Raises:
        ModuleNotFoundError: it has none.
    """
    module = importlib.import_module(f"tests.providers.{slug}.case")
    case: ProviderCase = module.CASE
    return case
