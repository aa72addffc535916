"""Automatic messages: what an account's controller bot says by itself.

It speaks only in conversations whose client declared AUTO_MESSAGES, and only if the consumer's first message followed the create within ten
seconds. Source: https://developers.liveperson.com/connector-api-send-api-examples.html (automatic messages)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# The names are the sandbox's own: LivePerson publishes the triggers, not what it calls them in the message's metadata.
TRIGGERS = ("FIRST_MESSAGE", "AGENT_JOINED", "TRANSFER", "TTR_CHANGE", "OFF_HOURS")


@dataclass(frozen=True)
class AutomaticMessages:
    """Texts by trigger, and others for single skills."""

    texts: dict[str, str] = field(default_factory=dict)
    by_skill: dict[str, dict[str, str]] = field(default_factory=dict)

    def text(self, trigger: str, skill_id: str) -> str | None:
        return self.by_skill.get(skill_id, {}).get(trigger, self.texts.get(trigger))

    def to_json(self) -> dict[str, Any]:
        return {"texts": self.texts, "by_skill": self.by_skill}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AutomaticMessages:
        """
        Raises:
            ValueError: a field or a trigger is unknown, or a text is not one.
        """
        unknown = sorted(set(data) - {"texts", "by_skill"})
        if unknown:
            raise ValueError(f"unknown fields {unknown}; known are by_skill, texts")
        by_skill = data.get("by_skill", {})
        if not isinstance(by_skill, dict):
            raise ValueError("by_skill must be an object of skill id: texts")
        return cls(_texts(data.get("texts", {})), {skill_id: _texts(texts) for skill_id, texts in by_skill.items()})


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not set(value) <= set(TRIGGERS):
        raise ValueError(f"texts must be an object whose names are among {', '.join(TRIGGERS)}")
    if not all(isinstance(text, str) and text for text in value.values()):
        raise ValueError("each text must be a non-empty string")
    return dict(value)
