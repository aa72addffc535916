"""LivePerson and the vendors as one scripted HTTP client: says yes to everything unless it is told otherwise."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import jwt

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.http import HttpClient

SERVICES = ("sentinel", "idp", "asyncMessagingEnt", "swift", "smt")
_KEY = "k" * 32

Scripted = HttpResponse | Exception | Callable[[HttpCall], HttpResponse]


PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
"""What is in every file of the far side."""


def answer(payload: Any, status: int = 200, **headers: str) -> HttpResponse:
    """A JSON answer."""
    return HttpResponse(status=status, headers={"content-type": "application/json", **headers}, body=json.dumps(payload).encode())


def published(sequence: Any) -> HttpResponse:
    """LivePerson's answer to a SEND."""
    return answer({"reqId": "1", "code": "OK", "body": {"sequence": sequence}})


def refused(message: str, status: int = 400) -> HttpResponse:
    """LivePerson's refusal of a SEND."""
    return answer({"reqId": "1", "code": "BAD_REQUEST", "body": {"msg": message}}, status)


def unauthorized(code: int = 40102) -> HttpResponse:
    body = {"title": "Invalid AppJWT", "details": "expired or invalid", "errorCode": code}
    return answer({"kind": "resp", "code": 401, "type": ".ReqBody$ErrorResp", "body": body}, 401)


ALREADY_OPEN = answer(
    [
        {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "1"},
        {"code": "BAD_REQUEST", "body": {"msg": "User x already has open conversation. Can't open another one."}, "reqId": "2"},
    ],
    400,
)
CLOSED = refused("Bad Request, Conversation is close")


class FarSide(HttpClient):
    """Every call that was made is in ``calls``. ``script(purpose, ...)`` queues answers for the next calls of that purpose.

    A scripted exception is raised, a scripted function is called with the call (and may wait, or do something meanwhile).
    """

    def __init__(self) -> None:
        self.calls: list[HttpCall] = []
        self.jwt_lifetime_s = 3600
        self.clock_off_s = 0  # of LivePerson's clock against ours
        self.created: list[str] = []
        self._sequence = 100
        self._script: dict[str, deque[Scripted]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._jwts = 0

    def script(self, purpose: str, *answers: Scripted) -> None:
        self._script[purpose].extend(answers)

    def of(self, *purposes: str) -> list[HttpCall]:
        """The calls of these purposes, in order."""
        return [call for call in self.calls if call.purpose in purposes]

    def texts(self) -> list[str]:
        """What was said to LivePerson, in order."""
        return [json.loads(call.body)["body"]["event"]["message"] for call in self.of("send_text") if b"ms.PublishEvent" in call.body]

    def statuses(self) -> list[tuple[str, tuple[int, ...]]]:
        """The receipts that LivePerson was given: status and sequences."""
        events = [json.loads(call.body)["body"]["event"] for call in self.of("send_accept_status")]
        return [(event["status"], tuple(event["sequenceList"])) for event in events]

    def phone(self) -> list[str]:
        """The texts that Messenger was given for people, in order."""
        bodies = [json.loads(call.body) for call in self.of("send_text") if b"ms.PublishEvent" not in call.body]
        return [body["message"]["text"] if "message" in body else body["text"] for body in bodies]

    def execute(self, call: HttpCall) -> HttpResponse:
        with self._lock:
            self.calls.append(call)
            script = self._script[call.purpose]
            scripted = script.popleft() if script else None
        if isinstance(scripted, Exception):
            raise scripted
        if isinstance(scripted, HttpResponse):
            return scripted
        return scripted(call) if scripted is not None else self.agree(call)

    def agree(self, call: HttpCall) -> HttpResponse:
        """The far side in a good mood."""
        with self._lock:
            match call.purpose:
                case "fetch_domains":
                    found = [{"service": name, "account": "1", "baseURI": f"{name.lower()}.lp.example"} for name in SERVICES]
                    return answer({"baseURIs": found})
                case "fetch_app_jwt":
                    self._jwts += 1
                    client = parse_qs(call.body.decode())["client_id"][0]
                    issued = int(time.time()) + self.clock_off_s
                    claims = {"azp": client, "iss": "Sentinel", "iat": issued, "exp": issued + self.jwt_lifetime_s, "n": self._jwts}
                    return answer({"access_token": jwt.encode(claims, _KEY), "token_type": "Bearer"})
                case "fetch_consumer_jws":
                    person = json.loads(call.body)["ext_consumer_id"]
                    return answer({"token": jwt.encode({"lp_consumer_id": lp_id(person), "ext_consumer_id": person}, _KEY)}, 201)
                case "create_conversation":
                    self.created.append(f"conversation-{len(self.created) + 1}")
                    ok = {"code": "OK", "reqId": "1", "body": {"msg": "OK User Profile set successfully"}}
                    return answer([ok, {"code": "OK", "reqId": "2", "body": {"conversationId": self.created[-1]}}])
                case "fetch_engagement":
                    return answer({"sessionId": "s-1", "visitorId": "v-1", "pageId": "1"}, 201)
                case "fetch_file_url":
                    path = json.loads(call.body)["body"].get("relativePath", "/v1/store/upload")
                    query = {"temp_url_sig": "a1b2", "temp_url_expires": "1793001660"}
                    return answer({"code": "OK", "reqId": "1", "body": {"relativePath": path, "queryParams": query}})
                case "upload":
                    return HttpResponse(status=201)
                case "fetch_file":
                    return HttpResponse(status=200, body=PNG, headers={"content-type": "image/png"})
                case "profile":
                    return answer({"first_name": "Ada", "last_name": "Example"})
            if b"ms.PublishEvent" in call.body or b"cm.Update" in call.body:
                self._sequence += 1
                return published(self._sequence)
            self._sequence += 1
            return answer({"recipient_id": "1", "message_id": f"m_out_{self._sequence}", "id": f"gw-{self._sequence}"})


def lp_id(ext_consumer_id: str) -> str:
    """How LivePerson calls the person."""
    return ("c" + ext_consumer_id.replace("-", "")).ljust(64, "0")[:64]
