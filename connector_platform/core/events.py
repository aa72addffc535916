"""The one vocabulary of what consumers and agents do, whatever the platform: frozen values, JSON in and out.

*Inbound* is towards LivePerson, *outbound* towards the consumer. A provider translates its wire format into
these values (``parse``) and back (``send``); the LivePerson client does the same for the other side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter


class ChatStateKind(StrEnum):
    """What a person is doing in the conversation; short-lived, worth nothing when late."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    GONE = "gone"
    COMPOSING = "composing"
    PAUSED = "paused"


class ReceiptKind(StrEnum):
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class FileKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Which piece of a long text this is, where a vendor hands them on one by one: 1 to ``total``; ``reference`` is the same in all."""

    reference: str
    number: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Plain text. ``reply_to`` is the vendor's id of the message that it quotes.

    With ``piece`` it waits for the others of its text (blanks at its ends belong to it) and reaches the agent joined with them.
    """

    type: Literal["text"] = "text"
    text: str
    reply_to: str = ""
    piece: Piece | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file by ``url``, or by the vendor's handle (``media_id``) where a call has to find its address first.

    From LivePerson ``relative_path`` is set instead: a path in its file storage, with a one-minute URL to be asked for.
    """

    type: Literal["file"] = "file"
    kind: FileKind
    url: str = ""
    media_id: str = ""
    relative_path: str = ""
    mime_type: str = ""
    name: str = ""
    size_bytes: int | None = None
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place; degrees, WGS 84."""

    type: Literal["location"] = "location"
    latitude: float
    longitude: float
    title: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A tap on a button or quick reply. ``payload`` is what we put behind the button, ``title`` what the person saw."""

    type: Literal["selection"] = "selection"
    payload: str
    title: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatState:
    type: Literal["chat_state"] = "chat_state"
    state: ChatStateKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of messages that were sent.

    Towards LivePerson: named by the vendor's ``message_ids``, or everything sent up to ``watermark_at``. ``is_cumulative``: what was sent to
    the person before these messages is meant too.
    Towards the consumer: named by ``sequences`` of a LivePerson dialog.

    A failure of what the vendor had taken may pass: ``again`` is how many times it may be sent anew. ``breaks_channel``: the vendor refuses
    the account, so that an operator has to act first.
    """

    type: Literal["receipt"] = "receipt"
    kind: ReceiptKind
    message_ids: tuple[str, ...] = ()
    watermark_at: datetime | None = None
    is_cumulative: bool = False
    sequences: tuple[int, ...] = ()
    reason: str = ""
    again: int = 0
    breaks_channel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """The consumer left or closed the conversation."""

    type: Literal["close"] = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """A satisfaction rating: ``csat`` 1..5, ``resolved`` whether the first contact resolved the matter (FCR), None where that was not said."""

    type: Literal["rating"] = "rating"
    csat: int
    resolved: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """The person wants no messages; ``marketing_only``: answers are still welcome, so nothing is held back."""

    type: Literal["opt_out"] = "opt_out"
    reason: str = ""
    marketing_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OptIn:
    """The person wants messages (again), or, with ``marketing_only``, advertisements."""

    type: Literal["opt_in"] = "opt_in"
    reference: str = ""
    marketing_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Contact details that the consumer shared."""

    type: Literal["contact"] = "contact"
    name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """Something this channel cannot show; ``description`` is a line for the agent.

    ``opens_window`` is False where the vendor does not count it as a message, so that the time in which we may answer goes on running.
    ``takes_back`` is the ``source_id`` of a message that the person took back with it: what is stored of it here is emptied.
    """

    type: Literal["unsupported"] = "unsupported"
    kind: str
    description: str = ""
    opens_window: bool = True
    takes_back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RichContent:
    """LivePerson structured content as it came, for a provider to map or reduce."""

    type: Literal["rich_content"] = "rich_content"
    content: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    quick_replies: dict[str, Any] | None = None
    metadata: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationChange:
    """The complete state of a LivePerson conversation after a change (LivePerson sends whole states, not differences)."""

    type: Literal["conversation_change"] = "conversation_change"
    state: str
    stage: str
    changed_at_ms: int
    skill_id: str = ""
    close_reason: str = ""
    consumer_id: str = ""
    agent_ids: tuple[str, ...] = ()
    dialogs: tuple[dict[str, Any], ...] = ()


Content = Annotated[
    Text
    | File
    | Location
    | Selection
    | ChatState
    | Receipt
    | Close
    | Rating
    | OptOut
    | OptIn
    | Contact
    | Unsupported
    | RichContent
    | ConversationChange,
    Field(discriminator="type"),
]
_CONTENT: TypeAdapter[Content] = TypeAdapter(Content)


def content_to_json(content: Content) -> dict[str, Any]:
    """A JSON-ready dict of ``content``, with its ``type``; ``content_from_json`` gives the value back."""
    data: dict[str, Any] = _CONTENT.dump_python(content, mode="json", exclude_defaults=True)
    return {"type": content.type, **data}


def content_from_json(data: dict[str, Any]) -> Content:
    """The value that ``data`` describes.

    Raises:
        pydantic.ValidationError: not one of ours.
    """
    return _CONTENT.validate_python(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the channel tells about the person with the event itself; empty where it tells nothing.

    ``reference`` is what brought the person here, as the vendor names it: an ad's id, a link's parameter, a post.
    """

    name: str = ""
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    email: str = ""
    locale: str = ""
    avatar_url: str = ""
    username: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEvent:
    """One thing that one consumer did, as a provider's ``parse`` found it in a callback.

    ``source_id`` is the vendor's identity of the event, unique per channel: a second one with the same id is the same event.
    ``address`` is the vendor's address of the channel (page id, number ...); empty where the callback's own channel is meant.
    ``raw`` is this event's own part of the body and nothing of any other event's: one body may carry several tenants.
    """

    consumer_id: str
    source_id: str
    content: Content
    wire_type: str
    raw: bytes
    address: str = ""
    occurred_at: datetime | None = None
    profile: Profile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCallback:
    """What a callback held: the events, and the wire types that were understood and left aside (echoes, groups ...)."""

    events: tuple[InboundEvent, ...] = ()
    ignored: tuple[str, ...] = ()
