"""What consumers are told about their conversation itself: an agent came or left, it went elsewhere, it ended."""

from __future__ import annotations

from channels_app.options import ChannelOptions
from connector_platform.core.events import ConversationChange
from webhooks_app.delivery.people import Talk

CLOSED_BY = {"AGENT": "closed_by_agent", "CONSUMER": "closed_by_consumer"}
"""LivePerson documents these two; whatever else closes is the system."""


def notice(options: ChannelOptions, locale: str, talk: Talk, change: ConversationChange) -> str:
    """The words for what is new in ``change`` against the state applied before; empty where there is nothing to say."""
    return "\n".join(text for name in changes(talk, change) if (text := options.text(name, locale)))


def changes(talk: Talk, change: ConversationChange) -> list[str]:
    """What is new, by the names of ``Texts``. LivePerson sends whole states: an older one than the one applied tells nothing new."""
    if change.changed_at_ms < talk.changed_ms:
        return []
    if ends(talk, change):
        return [CLOSED_BY.get(change.close_reason, "closed_by_system")]
    if change.state == "CLOSE":
        return []
    found = []
    agent = change.agent_ids[0][:64] if change.agent_ids else ""
    is_moved = bool(talk.changed_ms and talk.skill_id and change.skill_id and change.skill_id != talk.skill_id)
    if is_moved:
        found.append("transferred")
    if agent and agent != talk.agent_id:
        found.append("agent_joined")
    if talk.agent_id and not agent and not is_moved:
        found.append("agent_left")
    return found


def ends(talk: Talk, change: ConversationChange) -> bool:
    """Whether the main dialog ends with this change; a survey may still follow."""
    return change.changed_at_ms >= talk.changed_ms and change.state == "CLOSE" and talk.main_state != "CLOSE"
