"""Meta's HUMAN_AGENT tag through every part: after a day a person's answer still goes, a bot's does not."""

from __future__ import annotations

import psycopg
import pytest

from tests.e2e.people import PATIENCE_S, meet
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("provider", "person"), [("messenger", "24500000000007001"), ("instagram", "908800000000007001")])
def test_after_three_days_an_agent_may_answer_and_a_bot_may_not(live: LiveStack, provider: str, person: str) -> None:
    # given somebody who wrote three days ago
    consumer, agent = meet(live, provider, person, "when do you open?")
    consumer.does("age", hours=72)
    with psycopg.connect(live.backing.database_url) as connection:
        connection.execute(
            "UPDATE channels_app_consumer SET last_inbound_at = last_inbound_at - interval '72 hours' WHERE external_id = %s", [person]
        )

    # when a bot answers
    agent.does("text", text="beep: at nine", bot=True)

    # then Meta is not even asked, and the agents read what could be done
    reason = "only a person's answer may go, and a bot wrote this one"
    wait_until(lambda: any(reason in line for line in agent.reasons()), PATIENCE_S, "the agent should read why")
    refused = live.control.request("GET", "ledger", params={"kind": "phone.refused"})["effects"]
    assert [entry for entry in refused if entry["consumer"] == person] == []

    # when an agent takes over and answers
    agent.does("join")
    agent.does("text", text="at nine, sorry for the delay")

    # then it arrives; without the tag the simulator would refuse it
    consumer.sees("at nine, sorry for the delay")
