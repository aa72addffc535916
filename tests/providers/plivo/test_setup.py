"""Registering, removing and checking the webhook: an application of the channel's own, and a number that keeps its calls."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from channels_app.providers.plivo import Plivo, PlivoConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError, CredentialsRejected, ServerFault
from tests.providers.contract.cases import drive
from tests.providers.plivo.case import AUTH_ID, CASE, CONFIG, NUMBER, PACK_CONFIG, POWERPACK, refusal, reply

OURS = "https://connect.example.com/webhooks/callback/inbound"
NAME = "connector-0192f1c2-0000-7000-8000-0000000000c1"


class Account:
    """What Plivo has on file: applications, and which of them the number and the powerpack are linked to."""

    def __init__(self, linked: str = "", **applications: dict[str, Any]) -> None:
        self.applications = {app_id.removeprefix("app"): fields for app_id, fields in applications.items()}
        self.linked = linked
        self.written = 0

    def answer(self, call: HttpCall, number: int) -> HttpResponse:
        assert call.headers["Authorization"].startswith("Basic ")
        assert not call.effect
        path = urlsplit(call.url).path.removeprefix(f"/v1/Account/{AUTH_ID}/")
        fields = json.loads(call.body) if call.body else {}
        kind, _, key = path.rstrip("/").partition("/")
        self.written += call.method == "POST"
        if kind in ("Number", "Powerpack"):
            assert key == (NUMBER if kind == "Number" else POWERPACK)
            return self._holder(call, kind, fields)
        if kind == "Application":
            return self._application(call, key, fields)
        return reply(200, {"auth_id": AUTH_ID, "name": "Acme"})

    def _holder(self, call: HttpCall, kind: str, fields: dict[str, str]) -> HttpResponse:
        if call.method == "POST":
            self.linked = fields["app_id" if kind == "Number" else "application_id"]
            assert kind == "Number" or fields["application_type"] == "xml"
            return reply(202, {"message": "changed"})
        if kind == "Number":
            return reply(
                200, {"number": NUMBER, "application": f"/v1/Account/{AUTH_ID}/Application/{self.linked}/" if self.linked else None}
            )
        return reply(200, {"uuid": POWERPACK, "application_type": "XML", "application_id": int(self.linked) if self.linked else ""})

    def _application(self, call: HttpCall, key: str, fields: dict[str, Any]) -> HttpResponse:
        if key and call.method == "POST":
            self.applications[key].update(fields)
            return reply(202, {"message": "changed"})
        if key:
            return reply(200, {"app_id": key, **self.applications[key]})
        if call.method == "POST":
            self.applications["900"] = fields
            return reply(201, {"message": "created", "app_id": "900"})
        name = dict(parse_qsl(urlsplit(call.url).query))["app_name"]
        return reply(200, {"objects": [{"app_id": key, **app} for key, app in self.applications.items() if name in app["app_name"]]})

    def run(self, name: str, config: PlivoConfig = CONFIG) -> str:
        sentence, _ = drive(Plivo(), getattr(Plivo(), name)(config, CASE.context()), self.answer)
        assert sentence.endswith(".")
        return str(sentence)


def test_registering_makes_an_application_and_keeps_the_calls_of_the_one_before() -> None:
    calls = {"answer_url": "https://acme.example.com/voice", "answer_method": "POST", "log_incoming_messages": False}
    others = {"app_name": "Acme calls", "message_url": "https://old.example.com", "hangup_url": "", "default_number_app": True}
    account = Account("7", app7={**others, **calls})
    assert "message URL is another address" in account.run("check")
    assert account.run("register_webhook") == f"Plivo calls this channel for {NUMBER}."
    assert account.linked == "900"
    assert account.applications["900"] == {"app_name": NAME, "message_url": OURS, "message_method": "POST", **calls}
    assert account.applications["7"]["message_url"] == "https://old.example.com", "other numbers may use it"
    assert account.run("check") == f"Connected to Acme for {NUMBER}."
    before = account.written
    account.run("register_webhook")
    assert account.written == before, "asked again, it changes nothing"


def test_an_application_that_was_made_before_is_used_again() -> None:
    account = Account("", app5={"app_name": NAME + "-copy"}, app6={"app_name": NAME, "message_url": ""})
    assert "no application receives its messages" in account.run("check")
    account.run("register_webhook")
    assert (account.linked, account.applications["6"]["message_url"]) == ("6", OURS)
    assert set(account.applications) == {"5", "6"}


def test_a_powerpack_is_linked_like_a_number() -> None:
    account = Account()
    account.run("register_webhook", PACK_CONFIG)
    assert account.linked == "900"
    assert account.run("check", PACK_CONFIG) == "Connected to Acme for the powerpack."


def test_removing_takes_only_our_own_address_away() -> None:
    account = Account("7", app7={"app_name": "Acme", "message_url": OURS})
    account.run("remove_webhook")
    assert account.applications["7"]["message_url"] == ""
    account = Account("7", app7={"app_name": "Acme", "message_url": "https://other.example.com"})
    account.run("remove_webhook")
    assert account.written == 0


def test_a_number_of_another_account_is_the_operators_to_correct() -> None:
    def answer(call: HttpCall, number: int) -> HttpResponse:
        return refusal(404) if "/Number/" in call.url else reply(200, {"name": "Acme"})

    for name in ("check", "register_webhook", "remove_webhook"):
        with pytest.raises(ConfigurationError):
            drive(Plivo(), getattr(Plivo(), name)(CONFIG, CASE.context()), answer)


@pytest.mark.parametrize(("status", "error"), [(401, CredentialsRejected), (500, ServerFault)])
def test_refusals_of_the_set_up_are_told(status: int, error: type[Exception]) -> None:
    for name in ("check", "register_webhook", "remove_webhook"):
        with pytest.raises(error):
            drive(Plivo(), getattr(Plivo(), name)(CONFIG, CASE.context()), lambda *_: refusal(status))
