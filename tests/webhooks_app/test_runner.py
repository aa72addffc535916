"""What a generator of calls is told of refusals, and what it may do about them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.errors import ContentRejected, Unreachable
from connector_platform.core.http import HttpClient
from webhooks_app.delivery.steps import Progress, Runner


class Answers(HttpClient):
    def __init__(self, *statuses: int) -> None:
        self.statuses: Iterator[int] = iter(statuses)
        self.urls: list[str] = []

    def execute(self, call: HttpCall) -> HttpResponse:
        self.urls.append(call.url)
        status = next(self.statuses, None)
        if status is None:
            raise Unreachable("nobody answers")
        return HttpResponse(status=status)


def refuse(call: HttpCall, response: HttpResponse) -> None:
    if response.status == 400:
        raise ContentRejected("no such form", provider_code="form")


def two_forms() -> Steps[str]:
    """A first message, then a second that has a plainer form."""
    yield HttpCall(method="POST", url="https://vendor.example/first")
    try:
        yield HttpCall(method="POST", url="https://vendor.example/card")
    except ContentRejected:
        yield HttpCall(method="POST", url="https://vendor.example/words")
        return "words"
    return "card"


def test_what_was_refused_may_go_out_in_another_form() -> None:
    client = Answers(200, 400, 200)
    runner = Runner(client)
    progress = Progress()
    assert runner.run(two_forms(), progress, refuse) == "words"
    assert [entry.outcome for entry in runner.tries] == ["sent", "content_rejected", "sent"]
    assert [entry.provider_code for entry in runner.tries] == ["", "form", ""]
    # only what took effect is recorded
    assert [answer["status"] for answer in progress.answers] == [200, 200]


def test_a_retry_goes_on_where_the_first_try_stopped() -> None:
    # given a try that ended after the first message
    progress = Progress()
    with pytest.raises(Unreachable):
        Runner(Answers(200)).run(two_forms(), progress, refuse)
    assert len(progress.answers) == 1
    # when it is tried again
    again = Answers(400, 200)
    assert Runner(again).run(two_forms(), Progress.from_json(progress.answers), refuse) == "words"
    # then the first message is not sent a second time
    assert again.urls == ["https://vendor.example/card", "https://vendor.example/words"]


def test_a_refusal_that_nobody_catches_is_the_events_own() -> None:
    def one() -> Steps[None]:
        yield HttpCall(method="POST", url="https://vendor.example/card")

    runner = Runner(Answers(400))
    with pytest.raises(ContentRejected):
        runner.run(one(), Progress(), refuse)
    assert runner.tries[-1].outcome == "content_rejected"
