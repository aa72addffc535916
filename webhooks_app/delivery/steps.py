"""Driving a generator of HTTP calls: making them, timing them, and resuming after a crash where it stopped.

A generator is deterministic, so feeding it the recorded answers of the calls already made brings it to the call that was not.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.clock import monotonic_s, now
from connector_platform.core.errors import DeliveryError
from connector_platform.core.http import HttpClient
from connector_platform.core.redaction import redact
from webhooks_app.journal import storable

Result = TypeVar("Result")

KEPT_HEADERS = ("content-type", "location")
EXCERPT = 1000


@dataclass(slots=True)
class Try:
    """One call made, for the attempts table."""

    purpose: str
    method: str
    url: str
    started_at: datetime
    duration_ms: float
    http_status: int | None
    outcome: str
    provider_code: str = ""
    message: str = ""
    response_excerpt: str = ""


@dataclass
class Progress:
    """The answers of an event's calls with an effect, in order. ``recorded`` of them were there before this try."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    recorded: int = 0

    @classmethod
    def from_json(cls, data: Any) -> Progress:
        answers = list(data or [])
        return cls(answers=answers, recorded=len(answers))

    def add(self, response: HttpResponse) -> None:
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        body = base64.b64encode(response.body).decode()
        self.answers.append({"status": response.status, "headers": headers, "body": body})

    def restart(self) -> None:
        """Begin anew. What was recorded is overwritten before the next call."""
        self.answers.clear()
        self.recorded = -1 if self.recorded else 0

    def response(self, index: int) -> HttpResponse:
        answer = self.answers[index]
        return HttpResponse(status=answer["status"], headers=answer["headers"], body=base64.b64decode(answer["body"]))


class Runner:
    """Makes one event's calls; ``tries`` collects them.

    ``pace`` is called before each call with an effect, and waits, or raises, until it may be made. ``begin`` is called once, before the first
    call with an effect; ``save`` before each further one, with the answers so far. All of them only for
    the steps that are given the event's ``Progress``: those are the event's own effect, the others merely prepare it. ``timeout_s`` is of each call.
    """

    def __init__(
        self,
        client: HttpClient,
        *,
        secrets: tuple[str, ...] = (),
        begin: Callable[[], None] | None = None,
        save: Callable[[Progress], None] | None = None,
        pace: Callable[[], None] | None = None,
        timeout_s: float | None = None,
    ) -> None:
        self._client = client
        self._secrets = secrets
        self._begin = begin
        self._save = save
        self._pace = pace
        self._timeout_s = timeout_s
        self.tries: list[Try] = []
        self.first_effect_at: datetime | None = None

    def run(
        self, steps: Steps[Result], progress: Progress | None = None, interpret: Callable[[HttpCall, HttpResponse], None] | None = None
    ) -> Result:
        """What the generator returns.

        Raises:
            DeliveryError: from the transport, from ``interpret`` or from the generator.
        """
        own = progress is not None
        progress = progress if progress is not None else Progress()
        effects = 0
        pending: HttpResponse | None = None
        try:
            call = next(steps)
            while True:
                if pending is not None:
                    progress.add(pending)
                    pending = None
                if call.effect and effects < len(progress.answers):
                    response = progress.response(effects)
                    effects += 1
                else:
                    if call.effect and own:
                        self._announce(progress)
                    try:
                        response = self._make(call, interpret)
                    except DeliveryError as error:
                        # A refusal has no effect: it is not recorded, and what the generator yields instead is made in its place.
                        self._note(error)
                        call = steps.throw(error)
                        continue
                    if call.effect:
                        effects += 1
                        pending = response
                call = steps.send(response)
        except StopIteration as stop:
            if pending is not None:
                progress.add(pending)
            return stop.value
        except DeliveryError as error:
            self._note(error)
            raise

    def begin_anew(self) -> None:
        """The next call with an effect is as good as the first: what came before had none, and was elsewhere."""
        self.first_effect_at = None

    def _announce(self, progress: Progress) -> None:
        if self._pace is not None:
            self._pace()
        if self.first_effect_at is None:
            if self._begin is not None:
                self._begin()
            self.first_effect_at = now()
        if self._save is not None and progress.recorded < len(progress.answers):
            self._save(progress)
            progress.recorded = len(progress.answers)

    def _make(self, call: HttpCall, interpret: Callable[[HttpCall, HttpResponse], None] | None) -> HttpResponse:
        if self._timeout_s is not None and call.timeout_s is None:
            call = replace(call, timeout_s=self._timeout_s)
        started_at, clock = now(), monotonic_s()
        entry = Try(
            purpose=call.purpose[:40],
            method=call.method[:8],
            url=self.clean(_without_query(call.url))[:500],
            started_at=started_at,
            duration_ms=0.0,
            http_status=None,
            outcome="sent",
        )
        self.tries.append(entry)
        try:
            response = self._client.execute(call)
        finally:
            entry.duration_ms = (monotonic_s() - clock) * 1000
        entry.http_status = response.status
        if not response.is_success:
            entry.response_excerpt = self.clean(response.text)[:EXCERPT]
        if interpret is not None:
            interpret(call, response)
        return response

    def _note(self, error: DeliveryError) -> None:
        """Write the error that the last call's answer meant beside that call."""
        if self.tries and self.tries[-1].outcome == "sent":
            last = self.tries[-1]
            last.outcome = error.code
            last.provider_code = self.clean(error.provider_code)[:80]
            last.message = self.clean(error.message)[:500]

    def clean(self, text: str) -> str:
        """``text`` without this channel's or app's secrets, and without what PostgreSQL cannot hold: it may quote the far side."""
        return storable(redact(text, self._secrets))


def _without_query(url: str) -> str:
    """The URL without its query, where some vendors want tokens."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))
