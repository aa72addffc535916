"""What a LivePerson webhook says: one value for each change in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import (
    ChatState,
    ChatStateKind,
    Content,
    ConversationChange,
    File,
    Receipt,
    ReceiptKind,
    RichContent,
    Text,
    Unsupported,
)
from connector_platform.liveperson.hosted_files import file_kind, mime_type, suffix
from connector_platform.liveperson.json_body import dump_json, parse_json
from connector_platform.liveperson.wire import ConversationChangeItem, ConversationDetails, Dialog, Event, HostedFile, MessagingChange

EVENT_TYPES: Mapping[str, str] = {
    "ContentEvent": "text, a file, text with quick replies; any other content type becomes a line for the consumer",
    "RichContentEvent": "structured content",
    "AcceptStatusEvent": "a receipt: ACCEPT, READ, NACK; other statuses are left aside",
    "ChatStateEvent": "typing and presence; states that no channel shows are left aside",
    "ExConversationChangeNotification": "the conversation's complete state: opened, agents, skill, survey, closed",
}
"""Every event type that an app install can subscribe to, and what becomes of it.

Source: https://developers.liveperson.com/connector-api-webhooks-events.html (archived copy, checked 2026-11).
"""

REFUSAL_STATUS = 200
"""LivePerson holds back *every* event of an app install of which one endpoint answers anything but 200 or 201."""

CHAT_STATES: Mapping[str, ChatStateKind] = {
    "ACTIVE": ChatStateKind.ACTIVE,
    "INACTIVE": ChatStateKind.INACTIVE,
    "GONE": ChatStateKind.GONE,
    "COMPOSING": ChatStateKind.COMPOSING,
    "PAUSE": ChatStateKind.PAUSED,
}
RECEIPTS: Mapping[str, ReceiptKind] = {"ACCEPT": ReceiptKind.DELIVERED, "READ": ReceiptKind.READ, "NACK": ReceiptKind.FAILED}


BOT_ROLES = frozenset({"CONTROLLER", "AGENT"})
"""The controller bot, which sends automatic messages, and the survey bot. Agents' bots have the roles of people.

Source: https://developers.liveperson.com/messaging-window-api-tutorials-post-conversation-survey.html (archived copy, checked 2026-11).
"""
BOT_METADATA = ("BotResponse", "EscalationSummary", "IBMWatsonInfo", "AutoMessage", "Question")
"""What only bots put beside what they write.

Source: https://developers.liveperson.com/conversation-metadata-guide.html (archived copy, checked 2026-11).
"""


class NotificationKind(StrEnum):
    CONTENT = "content"
    RICH = "rich"
    ACCEPT = "accept"
    CHAT_STATE = "chat_state"
    CONVERSATION = "conversation"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One change of one webhook.

    Before anything of it goes to a consumer, in this order: an ``is_echo`` is our own consumer's and only confirms a ``sequence``; what
    ``is_private`` is never forwarded and its words never logged (they are in ``content`` and ``raw``, which ``repr`` leaves out); what
    belongs to no conversation of ours is dropped; ``is_ignored`` has no meaning for any channel; the rest is forwarded, whatever the role.

    ``source_id`` is the change's identity: a second one with the same is the same change. None for chat states, which LivePerson
    neither numbers nor dates. ``dialog_id`` is empty for conversation changes. ``role`` is empty where LivePerson gives none: compare
    ``originator_id`` with the consumer's ``lp_consumer_id`` then. ``raw`` is this change alone, as JSON.
    """

    kind: NotificationKind
    conversation_id: str
    content: Content = field(repr=False)
    source_id: str | None
    raw: bytes = field(repr=False)
    dialog_id: str = ""
    sequence: int | None = None
    role: str = ""
    originator_id: str = ""
    audience: str = ""
    server_timestamp_ms: int | None = None
    metadata: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    is_private: bool = False
    is_ignored: bool = False

    @property
    def is_echo(self) -> bool:
        """Whether the consumer did it, on any channel of the account."""
        return self.role == "CONSUMER"

    @property
    def by_bot(self) -> bool:
        """Whether a bot is known to have done it. Nothing in a webhook proves a person: a bot that does not name itself looks like one."""
        return self.role in BOT_ROLES or any(item.get("type") in BOT_METADATA for item in self.metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedNotifications:
    """What a webhook held: its changes in their order, and the JSON of each change that could not be read."""

    notifications: tuple[Notification, ...] = ()
    unreadable: tuple[bytes, ...] = ()


def parse_notification(body: bytes) -> ParsedNotifications:
    """Every change of a verified webhook; one that cannot be read does not lose the others.

    Raises:
        PayloadMalformed: not UTF-8, not JSON, nested too deep, or not LivePerson's envelope; to be answered with its ``status``, 200.
            For any bytes: this, never another error.

    Source: https://developers.liveperson.com/connector-api-webhooks-events.html (archived copy, checked 2026-11).
    """
    envelope = _envelope(body)
    inner = envelope.get("body") if isinstance(envelope, dict) else None
    changes = inner.get("changes") if isinstance(inner, dict) else None
    if not isinstance(changes, list):
        raise PayloadMalformed("the webhook is no LivePerson notification: it has no list of changes", status=REFUSAL_STATUS)
    notifications: list[Notification] = []
    unreadable: list[bytes] = []
    for change in changes:
        raw = dump_json(change).encode()
        try:
            notifications.append(_parse_change(change, raw))
        except (ValidationError, PayloadMalformed):
            unreadable.append(raw)
    return ParsedNotifications(notifications=tuple(notifications), unreadable=tuple(unreadable))


def _envelope(body: bytes) -> Any:
    try:
        return parse_json(body.decode())
    except UnicodeDecodeError as err:
        raise PayloadMalformed("the webhook is not UTF-8", status=REFUSAL_STATUS) from err
    except PayloadMalformed as err:
        raise PayloadMalformed(err.message, status=REFUSAL_STATUS) from err


def _parse_change(change: Any, raw: bytes) -> Notification:
    if isinstance(change, dict) and "event" in change:
        return _messaging(MessagingChange.model_validate(change), raw)
    if isinstance(change, dict) and "result" in change:
        return _conversation(change, raw)
    raise PayloadMalformed("a change with neither an event nor a result")


def _messaging(change: MessagingChange, raw: bytes) -> Notification:
    # The oldest samples have no conversationId; then the dialog is MAIN, whose id is the conversation's.
    dialog_id = change.dialog_id or change.conversation_id
    conversation_id = change.conversation_id or change.dialog_id
    if dialog_id is None or conversation_id is None:
        raise PayloadMalformed("an event of no conversation")
    metadata = tuple(item for item in change.metadata if isinstance(item, dict)) if isinstance(change.metadata, list) else ()
    kind, content = _content(change.event, metadata)
    if kind is NotificationKind.CHAT_STATE:
        source_id = None
    elif change.sequence is not None:
        source_id = f"{dialog_id}:{change.sequence}"
    else:
        source_id = f"event:{dialog_id}:{_digest(raw)}"
    return Notification(
        kind=kind,
        conversation_id=conversation_id,
        content=content,
        source_id=source_id,
        raw=raw,
        dialog_id=dialog_id,
        sequence=None if kind is NotificationKind.CHAT_STATE else change.sequence,
        role=change.originator_metadata.role if change.originator_metadata else "",
        originator_id=change.originator_id,
        audience=change.message_audience if isinstance(change.message_audience, str) else "",
        server_timestamp_ms=change.server_timestamp,
        metadata=metadata,
        # null is how LivePerson writes "not set"; anything else that is not ALL is for agents only, known to us or not.
        is_private=change.message_audience not in (None, "ALL"),
        is_ignored=isinstance(content, Unsupported) and kind not in (NotificationKind.CONTENT, NotificationKind.RICH),
    )


def _content(event: Event, metadata: tuple[dict[str, Any], ...]) -> tuple[NotificationKind, Content]:
    match event.type:
        case "ContentEvent":
            return NotificationKind.CONTENT, _plain_content(event, metadata)
        case "RichContentEvent":
            return NotificationKind.RICH, RichContent(content=_structure(event), quick_replies=_quick_replies(event), metadata=metadata)
        case "AcceptStatusEvent":
            if event.sequence_list is None:
                raise PayloadMalformed("an accept status that names no message")
            receipt = RECEIPTS.get(event.status)
            if receipt is None:
                return NotificationKind.ACCEPT, Unsupported(kind=f"accept_status:{event.status}")
            return NotificationKind.ACCEPT, Receipt(kind=receipt, sequences=event.sequence_list)
        case "ChatStateEvent":
            state = CHAT_STATES.get(event.chat_state)
            if state is None:
                return NotificationKind.CHAT_STATE, Unsupported(kind=f"chat_state:{event.chat_state}")
            return NotificationKind.CHAT_STATE, ChatState(state=state)
        case unknown:
            return NotificationKind.UNKNOWN, Unsupported(kind=unknown)


def _plain_content(event: Event, metadata: tuple[dict[str, Any], ...]) -> Content:
    content_type = event.content_type.lower()
    if content_type == "hosted/file":
        return _file(HostedFile.model_validate(event.message))
    if content_type.startswith("forms/"):
        return Unsupported(kind=event.content_type, description="The agent sent a secure form, which cannot be filled in here.")
    if content_type not in ("", "text/plain"):
        return Unsupported(kind=event.content_type, description="The agent sent something that cannot be shown here.")
    if not isinstance(event.message, str):
        raise PayloadMalformed("a text that is no string")
    quick_replies = _quick_replies(event)
    if quick_replies is not None:
        return RichContent(text=event.message, quick_replies=quick_replies, metadata=metadata)
    return Text(text=event.message)


def _file(hosted: HostedFile) -> File:
    # Named neutrally: the path's own last part holds the agent's id.
    return File(
        kind=file_kind(hosted.file_type),
        relative_path=hosted.relative_path,
        mime_type=mime_type(hosted.file_type),
        name=f"file{suffix(hosted.file_type)}",
        caption=hosted.caption,
    )


def _structure(event: Event) -> dict[str, Any]:
    """The structured content: an object in webhooks, a JSON string in the history; the published schema calls it ``message``."""
    structure = event.content if event.content is not None else event.message
    if isinstance(structure, str):
        structure = parse_json(structure)
    if not isinstance(structure, dict):
        raise PayloadMalformed("structured content that is no object")
    return structure


def _quick_replies(event: Event) -> dict[str, Any] | None:
    return event.quick_replies if isinstance(event.quick_replies, dict) else None


def _conversation(change: dict[str, Any], raw: bytes) -> Notification:
    result = ConversationChangeItem.model_validate(change).result
    details = result.conversation_details
    changed_at_ms = _changed_at_ms(details)
    # The whole state may be sent twice for one instant, and two states may share one: only both together tell them apart.
    digest = _digest(json.dumps(change["result"]["conversationDetails"], sort_keys=True).encode())
    return Notification(
        kind=NotificationKind.CONVERSATION,
        conversation_id=result.conv_id,
        content=ConversationChange(
            state=details.state,
            # During a survey the state is CLOSE and the stage OPEN; samples of 2018 have no stage.
            stage=details.stage or details.state,
            changed_at_ms=changed_at_ms,
            skill_id=details.skill_id,
            close_reason=details.close_reason,
            consumer_id=next((person.id for person in details.participants or () if person.role == "CONSUMER"), ""),
            agent_ids=_agent_ids(details),
            dialogs=tuple(_compact(dialog) for dialog in details.dialogs or ()),
        ),
        source_id=f"change:{result.conv_id}:{changed_at_ms}:{digest}",
        raw=raw,
    )


def _changed_at_ms(details: ConversationDetails) -> int:
    if details.meta_data_last_update_ts is not None:
        return details.meta_data_last_update_ts
    return max((dialog.meta_data_last_update_ts or 0 for dialog in details.dialogs or ()), default=0) or details.start_ts or 0


def _agent_ids(details: ConversationDetails) -> tuple[str, ...]:
    """The agents who have joined. SUGGESTED, which the dialogs tell, is an agent to whom the conversation is merely offered."""
    in_dialogs = [
        person for dialog in details.dialogs or () for person in dialog.participants_details or () if person.role == "ASSIGNED_AGENT"
    ]
    joined = {person.id for person in in_dialogs if person.state != "SUGGESTED"}
    suggested = {person.id for person in in_dialogs if person.state == "SUGGESTED"} - joined
    agents = [
        person.id
        for person in details.participants or ()
        if person.role == "ASSIGNED_AGENT" and person.state != "SUGGESTED" and person.id not in suggested
    ]
    return tuple(dict.fromkeys(agents))


def _compact(dialog: Dialog) -> dict[str, Any]:
    fields = {
        "dialog_id": dialog.dialog_id,
        "dialog_type": dialog.dialog_type,
        "state": dialog.state,
        "changed_at_ms": dialog.meta_data_last_update_ts,
        "closed_by": dialog.closed_by,
        "closed_cause": dialog.closed_cause,
    }
    return {name: value for name, value in fields.items() if value not in ("", None)}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
