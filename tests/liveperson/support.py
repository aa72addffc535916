"""What the tests of the LivePerson client share: an app, its hosts and tokens, and a way to play the far side."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any, TypeVar

import jwt

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.events import content_to_json
from connector_platform.liveperson.app import LivePersonAppConfig
from connector_platform.liveperson.notifications import Notification, ParsedNotifications
from connector_platform.liveperson.tokens import Tokens

Result = TypeVar("Result")

APP = LivePersonAppConfig(account_id="70012345", client_id="app-install-1", client_secret="s3cret/with+signs", language="en-US")
DOMAINS = {
    "asyncMessagingEnt": "https://msg.example",
    "sentinel": "https://sentinel.example",
    "idp": "https://idp.example",
    "swift": "https://swift.example",
}
TOKENS = Tokens(app_jwt="app.jwt.token", consumer_jws="consumer.jws.token")
CLIENT_PROPERTIES = (
    '{"type":".ClientProperties","features":["AUTO_MESSAGES","RICH_CONTENT","QUICK_REPLIES","MULTI_DIALOG","FILE_SHARING","PHOTO_SHARING"]}'
)
SEND_API_HEADERS = {
    "Content-Type": "application/json",
    "Authorization": "app.jwt.token",
    "X-LP-ON-BEHALF": "consumer.jws.token",
    "Client-Properties": CLIENT_PROPERTIES,
}
CREATE_URL = "https://msg.example/api/account/70012345/messaging/consumer/conversation?v=3"
SEND_URL = "https://msg.example/api/account/70012345/messaging/consumer/conversation/send?v=3"
CONVERSATION = "0f3c7d52-5b1e-4c7a-9d0e-1f2a3b4c5d6e"
SURVEY = "Sv9rQ2xKTp-7uHdE3mWn_A"


def play(steps: Generator[HttpCall, HttpResponse, Result], *answers: HttpResponse) -> tuple[Result, list[HttpCall]]:
    """The result of ``steps`` and the calls it made, each answered by the next of ``answers``; all of them have to be used."""
    calls = [next(steps)]
    for number, answer in enumerate(answers, 1):
        try:
            calls.append(steps.send(answer))
        except StopIteration as done:
            assert number == len(answers), "not every answer was asked for"
            return done.value, calls
    raise AssertionError(f"another call was made: {calls[-1]}")


def answer(status: int = 200, payload: Any = None, *, body: bytes | None = None) -> HttpResponse:
    """An answer with ``payload`` as JSON, or with ``body`` as it is."""
    return HttpResponse(status=status, body=json.dumps(payload).encode() if body is None else body)


def ok(**body: Any) -> HttpResponse:
    """A success of the Send API."""
    return answer(200, {"reqId": "r-1", "code": "OK", "body": body})


def signed(**claims: Any) -> str:
    """A token with ``claims``, signed by nobody in particular."""
    return jwt.encode(claims, "k" * 32, algorithm="HS256")


def epoch(year: int, month: int, day: int, hour: int) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def described(parsed: ParsedNotifications) -> dict[str, Any]:
    """``parsed`` as JSON, for comparison with a file."""
    return {
        "notifications": [_described(notification) for notification in parsed.notifications],
        "unreadable": [json.loads(raw) for raw in parsed.unreadable],
    }


def _described(notification: Notification) -> dict[str, Any]:
    fields = {item.name: getattr(notification, item.name) for item in dataclasses.fields(notification)}
    del fields["raw"]
    fields |= {"content": content_to_json(notification.content), "metadata": list(notification.metadata), "is_echo": notification.is_echo}
    return fields
