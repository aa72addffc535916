"""Playing both people through the sandbox's control API, and the operator through the platform's."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from channels_app.selectors.configs import TTL_S
from tests.support.stack import LiveStack, wait_until

PATIENCE_S = 60
NOT_DELIVERED = "[not delivered: "


@dataclass
class Consumer:
    """The person with the phone, on one line of one channel."""

    live: LiveStack
    provider: str
    id: str
    line: str = ""

    def does(self, action: str, **body: Any) -> dict[str, Any]:
        """One action on the phone; the sandbox's answer."""
        if self.line:
            body["to"] = self.line
        answer: dict[str, Any] = self.live.control.request("POST", f"phones/{self.provider}/{self.id}/{action}", json=body)
        return answer

    def phone(self) -> dict[str, Any]:
        parameters = {"to": self.line} if self.line else {}
        shown: dict[str, Any] = self.live.control.request("GET", f"phones/{self.provider}/{self.id}", params=parameters)
        return shown

    def received(self) -> list[str]:
        """The texts that arrived on the phone, in order."""
        return [message["text"] for message in self.phone()["messages"] if message["direction"] == "in"]

    def sees(self, *texts: str) -> None:
        """Wait until exactly these texts arrived, in this order."""
        wait_until(lambda: self.received() == list(texts), PATIENCE_S, f"{self.id} should see {texts}, sees {self.received()}")

    def conversation(self) -> dict[str, Any]:
        """The consumer's newest conversation as the agents see it; waits for it."""

        def newest() -> dict[str, Any] | None:
            found = [
                conversation
                for conversation in self.live.control.request("GET", "conversations")["conversations"]
                if any(sde.get("info", {}).get("socialId") == self.id for sde in conversation["consumer"]["sdes"])
            ]
            return max(found, key=lambda conversation: conversation["started_ms"], default=None)

        return wait_until(newest, PATIENCE_S, f"no conversation of {self.id} reached the agents")


@dataclass
class Agent:
    """The person in the workspace, in one conversation."""

    live: LiveStack
    conversation_id: str

    def does(self, action: str, **body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.live.control.request("POST", f"conversations/{self.conversation_id}/agent/{action}", json=body)
        return answer

    def conversation(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.live.control.request("GET", f"conversations/{self.conversation_id}")
        return shown

    def heard(self) -> list[str]:
        """What the consumer said, in order; not the platform's own lines about what was not delivered."""
        return [text for text in self._lines() if not text.startswith(NOT_DELIVERED)]

    def reasons(self) -> list[str]:
        """Why messages were not delivered, as the agent reads it."""
        return [text for text in self._lines() if text.startswith(NOT_DELIVERED)]

    def _lines(self) -> list[str]:
        return [message["text"] for message in self.conversation()["messages"] if message["role"] == "CONSUMER"]

    def hears(self, *texts: str) -> None:
        """Wait until the consumer said exactly this."""
        wait_until(lambda: self.heard() == list(texts), PATIENCE_S, f"the agent should hear {texts}, hears {self.heard()}")

    def status_of(self, text: str) -> dict[str, Any]:
        status: dict[str, Any] = next(message["status"] for message in self.conversation()["messages"] if message["text"] == text)
        return status

    def learns(self, text: str, status: str) -> None:
        """Wait until the message ``text`` is shown as ``accept`` (delivered) or ``read``."""
        wait_until(lambda: self.status_of(text)[status], PATIENCE_S, f"{text!r} should be shown as {status}")


def meet(live: LiveStack, provider: str, consumer_id: str, first_words: str, line: str = "") -> tuple[Consumer, Agent]:
    """A consumer who has written, and the agent to whom it came."""
    consumer = Consumer(live, provider, consumer_id, line)
    consumer.does("text", text=first_words)
    agent = Agent(live, consumer.conversation()["conversationId"])
    agent.hears(first_words)
    return consumer, agent


def set_options(live: LiveStack, *channels: str, **options: Any) -> None:
    """The operator sets the options of these channels of the demo; every process acts on them when this returns."""
    for channel in channels:
        live.api.request("PATCH", f"channels/{getattr(live.demo, channel)['id']}/", json={"options": options})
    time.sleep(1.2 * TTL_S)  # no process acts on older ones for longer; a little for reading them
