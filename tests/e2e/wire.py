"""What the platform said to LivePerson, call by call, as the sandbox heard it."""

from __future__ import annotations

from typing import Any

from tests.support.stack import LiveStack, wait_until

PATIENCE_S = 60


class Wire:
    """The calls about one conversation, or about whatever was said since this was made."""

    def __init__(self, live: LiveStack) -> None:
        self.live = live
        self._since = max((call["n"] for call in self._all()), default=0)

    def _all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.live.control.request("GET", "calls")["calls"]
        return found

    def calls(self, target: str, **parts: Any) -> list[dict[str, Any]]:
        """The calls to ``target`` since then whose body (or whose event in it) has all of ``parts``."""
        return [call for call in self._all() if call["n"] > self._since and call["target"] == target and _has(call["body"], parts)]

    def one(self, target: str, **parts: Any) -> dict[str, Any]:
        """The only such call; waits for it."""
        wait_until(lambda: self.calls(target, **parts), PATIENCE_S, f"LivePerson should have been asked {target} with {parts}")
        found = self.calls(target, **parts)
        assert len(found) == 1, found
        return found[0]


def _has(body: Any, parts: dict[str, Any]) -> bool:
    if not isinstance(body, dict):
        return not parts
    inner = body.get("body", {})
    event, field = inner.get("event") or {}, inner.get("conversationField") or {}
    places = (body, inner, event, field)
    return all(any(place.get(name) == value for place in places) for name, value in parts.items())


def request(conversation_id: str, call: dict[str, Any], event: dict[str, Any], *, dialog_id: str = "") -> dict[str, Any]:
    """The whole request object with which ``event`` is published, with the id that it came with."""
    return {
        "kind": "req",
        "id": call["body"]["id"],
        "type": "ms.PublishEvent",
        "body": {"dialogId": dialog_id or conversation_id, "conversationId": conversation_id, "event": event},
    }


def update(conversation_id: str, call: dict[str, Any], field: dict[str, Any]) -> dict[str, Any]:
    """The whole request object that changes ``field``."""
    return {
        "kind": "req",
        "id": call["body"]["id"],
        "type": "cm.UpdateConversationField",
        "body": {"conversationId": conversation_id, "conversationField": field},
    }
