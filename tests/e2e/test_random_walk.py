"""Random walks: a consumer and agents act at once while LivePerson, Meta and their webhooks misbehave. In the end both sides hold the same
conversation: everything that was said, once (or marked), in order, and open or closed alike."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from stack.errors import StackError
from tests.e2e.conftest import SHORT
from tests.e2e.people import Consumer, set_options
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

ROUNDS = 50
STEPS = 12
PATIENCE_S = 60
FAULTS: list[dict[str, Any]] = [
    {"target": "liveperson.send", "rate": 0.08, "status": 503},
    {"target": "liveperson.send", "rate": 0.05, "lose_reply": True},
    {"target": "liveperson.send", "rate": 0.03, "expire_tokens": True},
    {"target": "liveperson.conversation", "rate": 0.1, "lose_reply": True},
    {"target": "liveperson.conversation", "rate": 0.1, "status": 500},
    {"target": "liveperson.send", "rate": 0.1, "latency_ms": [10, 80]},
    {"target": "webhooks", "rate": 0.1, "duplicate": True},
    {"target": "webhooks", "rate": 0.05, "delay_ms": 150},
    {"target": "messenger.send", "rate": 0.1, "status": 503},
    {"target": "messenger.callback", "rate": 0.1, "duplicate": True},
    {"target": "messenger.callback", "rate": 0.05, "delay_ms": 100},
]
"""What can be put right by repeating, ordering and matching. A message whose answer from Meta is lost is not repeated, by design, so that is not here."""

CONSUMER_ACTS = ("write", "write", "write", "tap", "read", "end")
AGENT_ACTS = ("answer", "answer", "ask", "type", "read", "join", "close", "private")
REPLIES = {
    "type": "quickReplies",
    "replies": [
        {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": title}], "metadata": [{"type": "ExternalId", "id": title}]}}
        for title in ("Yes", "No")
    ],
}  # fmt: skip


class Walk(RuleBasedStateMachine):
    """One consumer on Messenger, and whoever answers."""

    live: ClassVar[LiveStack]
    rounds: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).rounds += 1
        self.consumer = Consumer(self.live, "messenger", f"2450000003{type(self).rounds:07d}")
        self.said: list[str] = []
        self.answers: dict[str, list[str]] = {}
        self.number = 0

    @initialize()
    def first_words(self) -> None:
        self.live.control.request("PUT", "faults", json={"rules": FAULTS})
        self._consumer("write")
        wait_until(self._conversations, PATIENCE_S, f"{self.consumer.id}: a conversation should be opened")

    @rule(act=st.sampled_from(CONSUMER_ACTS))
    def the_consumer_acts(self, act: str) -> None:
        self._consumer(act)

    @rule(act=st.sampled_from(AGENT_ACTS))
    def an_agent_acts(self, act: str) -> None:
        self._agent(act)

    @rule(
        theirs=st.lists(st.sampled_from(CONSUMER_ACTS), min_size=1, max_size=3),
        ours=st.lists(st.sampled_from(AGENT_ACTS), min_size=1, max_size=3),
    )
    def both_act_at_once(self, theirs: list[str], ours: list[str]) -> None:
        failures: list[BaseException] = []

        def play(act: Callable[[str], None], acts: list[str]) -> None:
            try:
                for one in acts:
                    act(one)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=play, args=(self._consumer, theirs)), threading.Thread(target=play, args=(self._agent, ours))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []

    def teardown(self) -> None:
        """Everything works again; then both sides hold the same."""
        if not self.said:
            return
        self.live.control.request("DELETE", "faults")
        try:
            wait_until(lambda: not self._differences(), PATIENCE_S, "both sides should hold the same", interval_s=0.3)
        except AssertionError:
            raise AssertionError(f"{self.consumer.id}: {'; '.join(self._differences())}\n{self._history()}") from None

    # What they do.

    def _consumer(self, act: str) -> None:
        match act:
            case "write":
                self.number += 1
                text = f"c{self.number}"
                self.consumer.does("text", text=text)
                self.said.append(text)
            case "tap":
                options = [option for message in self.consumer.phone()["messages"][-1:] for option in message.get("options", [])]
                if options:
                    try:
                        self.consumer.does("select", payload=options[0]["payload"])
                    except StackError:
                        return  # something else was shown meanwhile: the quick replies are gone
                    self.said.append(options[0]["title"])
            case "read":
                self.consumer.does("read")
            case "end":
                self.consumer.does("text", text="#end")

    def _agent(self, act: str) -> None:
        conversation_id = self._conversations()[-1]["conversationId"]
        self.number += 1
        text = f"a{self.number}"
        bodies: dict[str, tuple[str, dict[str, Any]]] = {
            "answer": ("text", {"text": text}),
            "ask": ("text", {"text": text, "quickReplies": REPLIES}),
            "type": ("typing", {"on": True}),
            "private": ("private", {"text": f"private {text}"}),
        }
        action, body = bodies.get(act, (act, {}))
        try:
            self.live.control.request("POST", f"conversations/{conversation_id}/agent/{action}", json=body)
        except StackError as error:
            assert "closed" in str(error) or "no conversation" in str(error), error
            return
        if act in ("answer", "ask"):
            self.answers.setdefault(conversation_id, []).append(text)

    # What both sides hold.

    def _conversations(self) -> list[dict[str, Any]]:
        """The consumer's conversations at LivePerson, in the order in which they were opened."""
        found = self.live.control.request("GET", "conversations")["conversations"]
        ours = [one for one in found if any(sde.get("info", {}).get("socialId") == self.consumer.id for sde in one["consumer"]["sdes"])]
        return sorted(ours, key=lambda one: one["started_ms"])

    def _differences(self) -> list[str]:
        """In what the two sides differ; empty where they hold the same."""
        found: list[str] = []
        conversations = self._conversations()
        heard = [one["text"] for each in conversations for one in each["messages"] if one["role"] == "CONSUMER" and one["text"]]
        marked = self._marked()
        if _without(heard, marked) != self.said:
            found.append(f"the consumer said {self.said}, agents heard {heard} (possibly doubled: {dict(marked)})")
        received = self.consumer.received()
        if any("private" in text for text in received):
            found.append("a private message reached the phone")
        for conversation_id, answers in self.answers.items():
            arrived = [text for text in received if text in answers]
            if _without(arrived, marked) != answers:
                found.append(f"agents said {answers} in {conversation_id}, the phone shows {received}")
        ours = {one["liveperson_id"]: one["state"] for one in self._our_conversations()}
        for each in conversations:
            state = "closed" if each["stage"] == "CLOSE" else "open"
            if ours.get(each["conversationId"]) != state:
                found.append(f"LivePerson has {each['conversationId']} {state}, we have it {ours.get(each['conversationId'])}")
        if extra := [state for state in ours.values() if state == "opening"]:
            found.append(f"{len(extra)} conversations are still being opened")
        return found

    def _our_conversations(self) -> list[dict[str, Any]]:
        rows = self._query(
            """SELECT c.liveperson_id, c.state FROM channels_app_conversation c JOIN channels_app_consumer p ON p.id = c.consumer_id
               WHERE p.external_id = %s"""
        )
        return [{"liveperson_id": row[0], "state": row[1]} for row in rows]

    def _history(self) -> str:
        """What became of each event, for whoever has to find out."""
        rows = self._query(
            """SELECT e.id, e.direction, e.kind, COALESCE(e.content->>'text', ''), e.state, e.outcome, e.tries, e.detail, e.dialog_id, e.sequence,
                      (SELECT string_agg(a.purpose || ' ' || COALESCE(a.http_status::text, '-') || ' ' || a.outcome, ', ' ORDER BY a.id)
                       FROM webhooks_app_attempt a WHERE a.event_id = e.id)
               FROM webhooks_app_event e WHERE e.lane_id IN (SELECT l.id FROM webhooks_app_lane l, channels_app_consumer p
                   LEFT JOIN channels_app_conversation c ON c.consumer_id = p.id
                   WHERE p.external_id = %s AND lower(l.key) IN (
                       'i:' || p.channel_id || ':' || p.external_id, 'o:' || c.liveperson_app_id || ':' || c.liveperson_id)) ORDER BY e.id"""
        )
        return "\n".join(" ".join(str(value) for value in row) for row in rows)

    def _marked(self) -> Counter[str]:
        """The words of the events that say of themselves that they may have been sent twice."""
        rows = self._query(
            """SELECT COALESCE(e.content->>'text', e.content->>'title') FROM webhooks_app_event e
               LEFT JOIN channels_app_conversation c ON c.id = e.conversation_id LEFT JOIN channels_app_consumer p ON p.id = c.consumer_id
               WHERE e.possibly_doubled AND p.external_id = %s"""
        )
        return Counter(str(row[0]) for row in rows)

    def _query(self, query: str) -> list[Any]:
        with psycopg.connect(self.live.backing.database_url) as connection:
            return connection.execute(query, [self.consumer.id]).fetchall()


def _without(texts: list[str], marked: Counter[str]) -> list[str]:
    """``texts`` without the second copy of each that is marked as possibly doubled."""
    left, kept = Counter(marked), list[str]()
    for text in texts:
        if text in kept and left[text] > 0 and (text.startswith(("a", "c"))):
            left[text] -= 1
            continue
        kept.append(text)
    return kept


@pytest.fixture(scope="module")
def live() -> Iterator[LiveStack]:
    with LiveStack(settings={**SHORT, "RETRY_SCALE": "0.05"}, sandbox_options=("--time-scale", "0.01")) as stack:
        set_options(stack, "messenger", close_keywords=["#end"])
        yield stack


def test_both_sides_hold_the_same_conversation(live: LiveStack) -> None:
    Walk.live = live
    settings_ = settings(
        max_examples=ROUNDS,
        stateful_step_count=STEPS,
        deadline=None,
        phases=(Phase.generate,),  # a walk through real processes cannot be shrunk: it never goes the same way twice
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(Walk, settings=settings_)
    assert Walk.rounds >= ROUNDS
    struck = live.control.request("GET", "ledger", params={"kind": "fault"})["effects"]
    assert len(struck) > 20, "the faults did not strike"
