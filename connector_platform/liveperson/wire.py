"""Models of what webhooks carry: only the fields that are read; everything else is ignored.

``None`` stands for a field that is absent or null: LivePerson writes both. Enumerations are strings, since values appear on the wire
that no page lists.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from connector_platform.liveperson.hosted_files import STORED_PATH

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Number = Annotated[int, Field(ge=0, le=2**63 - 1, strict=True)]
Word = Annotated[str, BeforeValidator(lambda value: "" if value is None else value), StringConstraints(max_length=256)]


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class OriginatorMetadata(_Wire):
    role: Word = ""


class Event(_Wire):
    type: Identifier
    content_type: Word = ""
    message: Any = None
    content: Any = None
    quick_replies: Any = None
    status: Word = ""
    sequence_list: tuple[Number, ...] | None = None
    chat_state: Word = ""


class MessagingChange(_Wire):
    """One of the ``changes`` of a messaging notification."""

    sequence: Number | None = None
    originator_id: Word = ""
    originator_metadata: OriginatorMetadata | None = None
    server_timestamp: Number | None = None
    event: Event
    conversation_id: Identifier | None = None
    dialog_id: Identifier | None = None
    message_audience: Any = None
    metadata: Any = None


class HostedFile(_Wire):
    """``message`` of an event with ``contentType`` hosted/file."""

    relative_path: Annotated[str, StringConstraints(pattern=rf"^{STORED_PATH}$", max_length=2048)]
    file_type: Word = ""
    caption: Annotated[str, BeforeValidator(lambda value: "" if value is None else value)] = ""


class Participant(_Wire):
    id: Identifier
    role: Word = ""
    state: Word = ""


class Dialog(_Wire):
    dialog_id: Identifier
    dialog_type: Word = ""
    state: Word = ""
    meta_data_last_update_ts: Number | None = None
    closed_by: Word = ""
    closed_cause: Word = ""
    participants_details: tuple[Participant, ...] | None = None


class ConversationDetails(_Wire):
    skill_id: Annotated[Word, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)] = ""
    participants: tuple[Participant, ...] | None = None
    dialogs: tuple[Dialog, ...] | None = None
    state: Word = ""
    stage: Word = ""
    close_reason: Word = ""
    start_ts: Number | None = None
    meta_data_last_update_ts: Number | None = None


class ConversationResult(_Wire):
    conv_id: Identifier
    conversation_details: ConversationDetails


class ConversationChangeItem(_Wire):
    """One of the ``changes`` of a conversation notification: always the complete state."""

    result: ConversationResult
