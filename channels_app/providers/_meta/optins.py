"""What people decide about being written to, which Messenger and Instagram tell alike.

Source: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_optins and
.../send-messages/one-time-notification (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator

from channels_app.providers._meta import readers, wire
from channels_app.providers._meta.envelope import Event, Ignored, Made
from connector_platform.core.events import Content, OptIn, OptOut, Unsupported

EVENT_TYPES = {
    "optin.marketing_stopped": "an opt-out of marketing messages: the agent reads of it, answers still go out",
    "optin.marketing_resumed": "an opt-in to marketing messages after an opt-out",
    "optin.marketing_agreed": "an opt-in to marketing messages; its token is not kept, because this channel sends none",
    "optin.one_time_notif_req": "a note for the agent: the person wants to be told once",
}


def optin(event: Event) -> Iterator[Made]:
    """A plug-in's opt-in with its reference, or what was decided about marketing messages, which opens no messaging window."""
    data = wire.obj(event.data, "optin")
    kind = wire.text(data, "type")
    if not kind:
        yield readers.came_by("optin", event, data)
        return
    topic = wire.text(data, "title")[:80]
    # Meta's page writes the statuses with a blank, its samples with an underscore.
    name, content = _decision(kind, wire.text(data, "notification_messages_status").replace(" ", "_"), topic)
    source_id = f"optin:{event.consumer_id}:{event.stamp}:{name}:{wire.digest(topic)}"
    yield Made(wire_type=f"optin.{name}", source_id=source_id, content=content)


def _decision(kind: str, status: str, topic: str) -> tuple[str, Content]:
    match kind, status:
        case "notification_messages", "STOP_NOTIFICATIONS":
            return "marketing_stopped", OptOut(reason=topic, marketing_only=True)
        case "notification_messages", "RESUME_NOTIFICATIONS":
            return "marketing_resumed", OptIn(marketing_only=True)
        case "notification_messages", "":
            return "marketing_agreed", OptIn(marketing_only=True)
        case "one_time_notif_req", _:
            words = f"asked to be told once: {topic}" if topic else "asked to be told once"
            return kind, Unsupported(kind="one_time_notification", description=words, opens_window=False)
    raise Ignored(f"optin.{wire.name(kind)}")
