"""PostgreSQL dies and stays away: everything is answered all the same, and nothing is lost, doubled or moved when it is back."""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

import pytest

from stack.channels.messenger import PAGE_ID
from stack.parts import session
from tests.e2e.conftest import SHORT
from tests.e2e.people import Agent, Consumer, meet
from tests.support.stack import LiveStack, wait_until
from tests.webhooks_app.world import meta_body, meta_headers, said

pytestmark = pytest.mark.e2e

PEOPLE = 6
TEXTS = 3


def write_all(live: LiveStack, part: str) -> list[int]:
    """Everybody writes some messages at the same time, each person one after the other; what the platform answered."""
    url = live.web_url + urlsplit(live.demo.messenger_app["callback_url"]).path
    secret = live.keys.derive("messenger app_secret")
    statuses: list[int] = []

    def write(person: str) -> None:
        with session() as local:
            for text in texts(part, person):
                body = meta_body(said(text, f"m-{text}", person=person, to=PAGE_ID))
                statuses.append(local.post(url, body, headers=meta_headers(body, secret), timeout=30).status_code)

    threads = [threading.Thread(target=write, args=(person,)) for person in people()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def people() -> list[str]:
    return [f"2450000000007{number:03d}" for number in range(PEOPLE)]


def texts(part: str, person: str) -> list[str]:
    return [f"{part}-{person}-{number}" for number in range(TEXTS)]


def answer_all(live: LiveStack, agents: dict[str, Agent], text: str) -> None:
    """Every agent answers; returns when LivePerson's notifications of it are answered, each with 200."""
    before = len(live.control.request("GET", "webhooks")["attempts"])
    for agent in agents.values():
        agent.does("text", text=text)
    wait_until(lambda: not pending(live), 60, "LivePerson's webhooks should be answered")
    attempts = live.control.request("GET", "webhooks")["attempts"][before:]
    assert len(attempts) >= len(agents)
    assert {attempt["status"] for attempt in attempts} == {200}


def pending(live: LiveStack) -> int:
    """How many of LivePerson's webhooks wait to be answered."""
    return sum(app["pending"] for app in live.control.request("GET", "webhooks")["apps"])


def test_callbacks_are_answered_and_nothing_is_lost_while_postgresql_is_away() -> None:
    with LiveStack(workers=1, settings=SHORT, sandbox_options=("--time-scale", "0.05")) as live:
        # given people in the middle of conversations
        met: dict[str, tuple[Consumer, Agent]] = {person: meet(live, "messenger", person, "before") for person in people()}
        agents = {person: agent for person, (_, agent) in met.items()}
        answer_all(live, agents, "welcome")
        for consumer, _ in met.values():
            consumer.sees("welcome")
        # and a web server that has saved what it knows: it does so when it starts, and then every half minute
        saved = live.layout.data_dir / "spool" / "configurations"
        before = saved.stat().st_mtime_ns
        wait_until(lambda: not pending(live), 60, "LivePerson should have said everything")
        live.web.restart()
        wait_until(lambda: saved.stat().st_mtime_ns > before, 60, "the configurations should be saved")

        # when PostgreSQL is killed
        live.postgres.kill9()
        assert write_all(live, "first") == [200] * (PEOPLE * TEXTS)
        answer_all(live, agents, "during the outage")
        # and the web server as well
        live.web.kill9()
        live.web.restart()
        assert write_all(live, "second") == [200] * (PEOPLE * TEXTS)
        answer_all(live, agents, "with a new web server")
        assert not live.postgres.is_running()

        # then all of it arrives once PostgreSQL is back
        live.postgres.restart()
        for person, (consumer, agent) in met.items():
            agent.hears("before", *texts("first", person), *texts("second", person))
            consumer.sees("welcome", "during the outage", "with a new web server")
        wait_until(lambda: not (live.layout.data_dir / "spool" / "waiting").exists(), 60, "the direct way should be open again")
        assert not list((live.layout.data_dir / "spool").glob("*.*"))
        assert live.web.is_running()
