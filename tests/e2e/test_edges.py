"""LivePerson's errors and edges, through every part: what goes wrong is put right, and nobody's words are lost or meet a stranger."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from stack.channels import sms_gateway
from stack.demo import ACCOUNT_ID, CLIENT_ID, SKILLS
from stack.ports import free_port
from tests.e2e.conftest import SHORT
from tests.e2e.people import Agent, Consumer, meet
from tests.e2e.wire import Wire
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

DOMAIN_API, OLD_HOST, NEW_HOST = free_port(), free_port(), free_port()
SMS = "sms_gateway"


@pytest.fixture(scope="module")
def live() -> Iterator[LiveStack]:
    stack = LiveStack(settings=SHORT, sandbox_options=("--time-scale", "0.05"))
    origins = [stack.sandbox_url, *(f"http://127.0.0.1:{port}" for port in (DOMAIN_API, OLD_HOST, NEW_HOST))]
    stack._settings["HTTP_ALLOWED_ORIGINS"] = ",".join(origins)
    with stack:
        yield stack


@pytest.fixture(autouse=True)
def mended(live: LiveStack) -> Iterator[None]:
    yield
    live.control.request("DELETE", "faults")
    live.control.request("PUT", "options", json={"requests_per_s": None})


def misbehave(live: LiveStack, *rules: dict[str, Any]) -> None:
    live.control.request("PUT", "faults", json={"rules": list(rules)})


def refusal(code: int | None) -> dict[str, Any]:
    """One answer of the Send API that refuses a token with LivePerson's ``code``, or with nothing that can be read."""
    body = json.dumps(
        {"kind": "resp", "code": 401, "type": ".ReqBody$ErrorResp", "body": {"title": "x", "details": "y", "errorCode": code}}
    )
    return {"target": "liveperson.send", "times": 1, "status": 400 if code == 40001 else 401, "body": body if code else "no"}


@pytest.mark.parametrize(("code", "jwt", "jws"), [(40001, 1, 0), (40102, 1, 0), (40103, 0, 1), (40104, 1, 1), (40105, 1, 1), (None, 1, 1)])
def test_a_refused_token_is_fetched_anew_and_the_message_goes_out(live: LiveStack, code: int | None, jwt: int, jws: int) -> None:
    # given
    consumer, agent = meet(live, SMS, f"+3161235{code or 0:05}", "hello")
    wire = Wire(live)
    misbehave(live, refusal(code))
    # when
    consumer.does("text", text="more")
    # then
    agent.hears("hello", "more")
    assert [call["status"] for call in wire.calls("send")][-1] == 200
    assert (len(wire.calls("sentinel")), len(wire.calls("idp"))) == (jwt, jws)


def test_a_token_that_is_refused_for_good_is_not_asked_for_in_a_loop(live: LiveStack) -> None:
    consumer, agent = meet(live, SMS, "+31612351000", "hello")
    wire = Wire(live)
    misbehave(live, {**refusal(40102), "times": None})
    consumer.does("text", text="more")
    wait_until(
        lambda: live.api.request("GET", f"liveperson-apps/{live.demo.liveperson_app['id']}/")["problem"], 30, "the problem should show"
    )
    tries = len(wire.calls("send"))
    assert len(wire.calls("sentinel")) <= tries, "a token for every try at most"
    # when LivePerson takes the app again, nothing is lost
    live.control.request("DELETE", "faults")
    agent.hears("hello", "more")
    wait_until(
        lambda: not live.api.request("GET", f"liveperson-apps/{live.demo.liveperson_app['id']}/")["problem"],
        30,
        "the problem should be over",
    )


def test_tokens_that_are_revoked_early_are_replaced(live: LiveStack) -> None:
    consumer, agent = meet(live, SMS, "+31612351001", "hello")
    live.control.request("POST", f"accounts/{ACCOUNT_ID}/apps/{CLIENT_ID}/revoke-tokens")
    consumer.does("text", text="more")
    agent.hears("hello", "more")


def install(
    live: LiveStack, *, account: str = ACCOUNT_ID, client: str = CLIENT_ID, app: dict[str, Any] | None = None, **fields: Any
) -> None:
    """The app install at LivePerson, as it was set up, with ``fields`` changed."""
    row = app or live.demo.liveperson_app
    secret = live.keys.derive("liveperson client_secret") if app is None else f"secret of {client}"
    body = {"client_secret": secret, "client_name": client, "endpoints": row["webhook_url"], "skills": SKILLS, **fields}
    live.control.request("PUT", f"accounts/{account}/apps/{client}", json=body)


def test_a_disabled_app_keeps_its_queue_and_says_why(live: LiveStack) -> None:
    # given
    consumer, agent = meet(live, SMS, "+31612351002", "hello")
    # when LivePerson disables the app
    install(live, enabled=False)
    live.control.request("POST", f"accounts/{ACCOUNT_ID}/apps/{CLIENT_ID}/revoke-tokens")
    consumer.does("text", text="one")
    consumer.does("text", text="two")
    url = f"liveperson-apps/{live.demo.liveperson_app['id']}/"
    wait_until(lambda: live.api.request("GET", url)["problem"], 30, "the app should show its problem")
    assert "refused" in live.api.request("GET", url)["problem"]
    # then, enabled again, nothing is lost
    install(live)
    agent.hears("hello", "one", "two")


@pytest.mark.parametrize("webhooks_work", [True, False])
def test_a_second_create_adopts_the_conversation_that_is_open(live: LiveStack, webhooks_work: bool) -> None:
    # given a conversation of the consumer that was opened behind our back
    person = f"+3161235101{int(webhooks_work)}"
    consumer, before = meet(live, SMS, person, "hello")
    before.does("close-all")
    wait_until(lambda: before.conversation()["stage"] == "CLOSE", 30, "it should be closed")
    external_id = before.conversation()["consumer"]["extConsumerId"]
    if not webhooks_work:
        misbehave(live, {"target": "webhooks", "status": 500})
    wait_until(lambda: _state(live, before.conversation_id) == "closed" or not webhooks_work, 30, "we should know of the close")
    body = {"ext_consumer_id": external_id, "profile": before.conversation()["consumer"]["profile"]}
    opened = live.control.request("POST", f"accounts/{ACCOUNT_ID}/conversations", json=body)["conversation"]["conversationId"]
    # when the consumer writes
    consumer.does("text", text="again")
    # then it is in that one
    Agent(live, opened).hears("again")
    live.control.request("DELETE", "faults")
    Agent(live, opened).does("text", text="found you")
    wait_until(lambda: consumer.received()[-1:] == ["found you"], 60, "the answer should arrive")


def _state(live: LiveStack, liveperson_id: str) -> str:
    rows = live.api.request("GET", "conversations/", params={"liveperson_id": liveperson_id})["results"]
    return next((str(row["state"]) for row in rows if row["liveperson_id"] == liveperson_id), "")


def test_a_conversation_that_is_closed_under_us_costs_no_word(live: LiveStack) -> None:
    # given a close of which we are told late
    consumer, agent = meet(live, SMS, "+31612351020", "hello")
    misbehave(live, {"target": "webhooks.ExConversationChangeNotification", "delay_ms": 4000})
    agent.does("close-all")
    wire = Wire(live)
    # when the consumer goes on
    consumer.does("text", text="and another thing")
    consumer.does("text", text="and one more")
    # then both are in a new conversation, in order
    wait_until(lambda: consumer.conversation()["conversationId"] != agent.conversation_id, 60, "a new conversation should be opened")
    Agent(live, consumer.conversation()["conversationId"]).hears("and another thing", "and one more")
    assert [call["status"] for call in wire.calls("send", message="and another thing")] == [400, 200]
    assert len(wire.calls("conversation")) == 1


@pytest.mark.parametrize("retry_after_s", [None, 1])
def test_rate_limits_cost_time_and_no_words(live: LiveStack, retry_after_s: int | None) -> None:
    consumer, agent = meet(live, SMS, f"+3161235103{retry_after_s or 0}", "hello")
    if retry_after_s is None:
        live.control.request("PUT", "options", json={"requests_per_s": 2})
    else:
        misbehave(live, {"target": "liveperson.send", "times": 3, "status": 429, "retry_after_s": retry_after_s})
    words = [f"word {number}" for number in range(6)]
    wire = Wire(live)
    for text in words:
        consumer.does("text", text=text)
    agent.hears("hello", *words)
    assert 429 in [call["status"] for call in wire.calls("send")]


def test_what_agents_say_before_the_conversation_is_recorded_is_kept_and_shown(live: LiveStack) -> None:
    # given a create whose answer is lost: LivePerson has the conversation, we do not know it yet
    misbehave(
        live, {"target": "liveperson.conversation", "lose_reply": True, "times": 1}, {"target": "liveperson.monitoring", "status": 500}
    )
    consumer = Consumer(live, SMS, "+31612351040")
    consumer.does("text", text="hello")
    agent = Agent(live, consumer.conversation()["conversationId"])
    # when an agent is quick
    agent.does("text", text="good day")
    # then both arrive
    agent.hears("hello")
    consumer.sees("good day")
    assert len([one for one in _conversations(live, "+31612351040")]) == 1


def _conversations(live: LiveStack, person: str) -> list[dict[str, Any]]:
    found = live.control.request("GET", "conversations")["conversations"]
    return [one for one in found if any(sde.get("info", {}).get("socialId") == person for sde in one["consumer"]["sdes"])]


# Several brands and apps.


def second_app(live: LiveStack, brand: dict[str, Any], client: str, *, domain_api: str = "") -> dict[str, Any]:
    """Another app install on the demo's account."""
    body = {
        "brand": brand["id"],
        "name": client,
        "account_id": ACCOUNT_ID,
        "client_id": client,
        "client_secret": f"secret of {client}",
        "domain_api": domain_api or live.sandbox_url,
    }
    app = live.api.request("POST", "liveperson-apps/", json=body)
    install(live, client=client, app=app)
    return app


def second_number(live: LiveStack, brand: dict[str, Any], app: dict[str, Any], number: str) -> dict[str, Any]:
    """Another number at the gateway, of this brand and app."""
    config = sms_gateway.config(live.keys, live.sandbox_url, number)
    body = {
        "brand": brand["id"],
        "name": number,
        "provider": SMS,
        "liveperson_app": app["id"],
        "config": config,
    }
    channel = live.api.request("POST", "channels/", json=body)
    live.control.request("PUT", f"lines/{SMS}/{number}", json=sms_gateway.line(live.keys, channel))
    return channel


def test_two_brands_on_one_account_hear_only_their_own(live: LiveStack) -> None:
    # given two brands whose apps are installed on the same account, which is told of everything
    brand = live.api.request("POST", "brands/", json={"name": "Neighbour", "slug": "neighbour"})
    app = second_app(live, brand, "neighbour-connector")
    channel = second_number(live, brand, app, "+15550177")
    # when the same person writes to both
    first, one = meet(live, SMS, "+31612351050", "to the first", line="+15550100")
    second = Consumer(live, SMS, "+31612351050", "+15550177")
    second.does("text", text="to the second")
    opened = wait_until(
        lambda: [each for each in _conversations(live, second.id) if each["conversationId"] != one.conversation_id], 60, "two conversations"
    )
    two = Agent(live, opened[0]["conversationId"])
    two.hears("to the second")
    one.does("text", text="from the first")
    two.does("private", text="not for him")
    two.does("text", text="from the second")
    # then each line shows its own
    first.sees("from the first")
    second.sees("from the second")
    # and nothing of the one is with the other
    events = live.api.request("GET", "events/", params={"channel": channel["id"]})["results"]
    assert {event["brand"] for event in events} == {brand["id"]}
    assert "first" not in str(events)
    assert "not for him" not in live.logs()


def test_one_brand_may_have_several_apps(live: LiveStack) -> None:
    app = second_app(live, live.demo.brand, "second-connector")
    second_number(live, live.demo.brand, app, "+15550178")
    wire = Wire(live)
    consumer, agent = meet(live, SMS, "+31612351051", "hello", line="+15550178")
    assert wire.one("sentinel")["body"]["client_id"] == "second-connector"
    agent.does("text", text="hi")
    consumer.sees("hi")


def test_another_connectors_conversations_leave_nothing_here(live: LiveStack) -> None:
    before = live.api.request("GET", "events/")["results"]
    body = {"ext_consumer_id": "a-stranger", "text": "to another connector"}
    opened = live.control.request("POST", f"accounts/{ACCOUNT_ID}/conversations", json=body)["conversation"]["conversationId"]
    stranger = Agent(live, opened)
    stranger.does("text", text="answer to a stranger")
    wait_until(
        lambda: not any(app["pending"] for app in live.control.request("GET", "webhooks")["apps"]), 30, "the webhooks should be delivered"
    )
    after = live.api.request("GET", "events/")["results"]
    assert [event["id"] for event in after] == [event["id"] for event in before]


# An account that moves.


class Forwarder:
    """A host of LivePerson's: whatever comes to ``port`` goes to the sandbox, until it is stopped."""

    def __init__(self, port: int, target: int) -> None:
        self._target = target
        self._server = socket.create_server(("127.0.0.1", port))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    @staticmethod
    def _copy(one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def stop(self) -> None:
        for each in (self._server, *self._open):
            with contextlib.suppress(OSError):  # the other side may have closed it
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def test_an_account_that_moves_to_another_host_is_found_there(live: LiveStack) -> None:
    # given an account whose services are at one host
    host = OLD_HOST
    services = ("asyncMessagingEnt", "sentinel", "idp", "swift", "smt")
    sandbox_port = int(live.sandbox_url.rpartition(":")[2])
    old = Forwarder(OLD_HOST, sandbox_port)

    def domains(request: Request) -> Response:
        found = [{"service": service, "account": ACCOUNT_ID, "baseURI": f"127.0.0.1:{host}"} for service in services]
        return Response(json.dumps({"baseURIs": found}), content_type="application/json")

    with HTTPServer(host="127.0.0.1", port=DOMAIN_API) as api:
        api.expect_request(f"/api/account/{ACCOUNT_ID}/service/baseURI.json").respond_with_handler(domains)
        app = second_app(live, live.demo.brand, "moving-connector", domain_api=f"http://127.0.0.1:{DOMAIN_API}")
        second_number(live, live.demo.brand, app, "+15550179")
        consumer, agent = meet(live, SMS, "+31612351060", "hello", line="+15550179")
        asked = len(api.log)
        # when it moves
        host, new = NEW_HOST, Forwarder(NEW_HOST, sandbox_port)
        old.stop()
        consumer.does("text", text="are you still there?")
        # then the cached address is dropped, and the message goes to the new host
        agent.hears("hello", "are you still there?")
        assert len(api.log) > asked
        new.stop()
