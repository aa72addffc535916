"""Everything that is sent into a conversation: text, chat states, accept statuses, closing, the profile, ratings.

Each function is one call. ``request_id`` is the caller's, the same on every retry. One consumer's calls are made one after another:
the order is the order of arrival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from connector_platform.core.calls import Steps
from connector_platform.core.errors import ContentRejected
from connector_platform.core.events import ChatStateKind, ReceiptKind
from connector_platform.core.text import split_text, utf16_units
from connector_platform.liveperson.app import LivePersonAppConfig
from connector_platform.liveperson.errors import Purpose, interpret, send_api_elements
from connector_platform.liveperson.json_body import dump_json
from connector_platform.liveperson.sdes import Consumer, profile_body
from connector_platform.liveperson.send_api import MAX_REQUEST_ID_CHARS, Metadata, request_object, send_call
from connector_platform.liveperson.tokens import Tokens

MAX_REQUEST_CHARS = 5000
"""LivePerson's how-to limits the JSON request object to 5000 characters; counted here in UTF-16 units, the stricter reading."""

CHAT_STATE_TIMEOUT_S = 3.0
"""A chat state is worth something only at once: nobody waits longer for its answer."""

# Less room than this for the text itself means that the metadata fills the request; pieces of a few words would help nobody.
_MIN_TEXT_ROOM = 200


class AcceptStatus(StrEnum):
    """What became of an agent's message. Each costs one number of the dialog's sequence.

    Source: https://developers.liveperson.com/connector-api-send-api-send.html (archived copy, checked 2026-11).
    """

    ACCEPT = "ACCEPT"  # it reached the consumer
    READ = "READ"
    ACCESS = "ACCESS"  # its file was opened
    NACK = "NACK"  # it did not reach the consumer
    ACTION = "ACTION"  # an element of its structured content was tapped; goes with the element's metadata


ACCEPT_STATUSES: Mapping[ReceiptKind, AcceptStatus] = {
    ReceiptKind.DELIVERED: AcceptStatus.ACCEPT,
    ReceiptKind.READ: AcceptStatus.READ,
    ReceiptKind.FAILED: AcceptStatus.NACK,
}
CHAT_STATES: Mapping[ChatStateKind, str] = {
    ChatStateKind.ACTIVE: "ACTIVE",
    ChatStateKind.INACTIVE: "INACTIVE",
    ChatStateKind.GONE: "GONE",
    ChatStateKind.COMPOSING: "COMPOSING",
    ChatStateKind.PAUSED: "PAUSE",
}


class CloseScope(StrEnum):
    """What a close ends."""

    CONVERSATION = "conversation"  # every dialog; no survey follows
    DIALOG = "dialog"  # the one dialog: closing MAIN lets a survey start
    STAGE = "stage"  # everything, also during a survey; the only close after which a new conversation is surely accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """LivePerson took it. ``sequence`` is its number in the dialog, by which receipts name it; None where it has none."""

    sequence: int | None = None


def publish(
    app: LivePersonAppConfig,
    domains: Mapping[str, str],
    tokens: Tokens,
    request: Mapping[str, Any],
    *,
    purpose: Purpose,
    effect: bool = True,
    timeout_s: float | None = None,
) -> Steps[Published]:
    """What became of one request object, whatever its type.

    Raises:
        ConversationGone: closed; open a new one and send there.
        TokensRejected: fetch the tokens in ``refresh``, then once more.
        DeliveryError: as ``errors.interpret`` says.

    Source: https://developers.liveperson.com/connector-api-send-api-send.html (archived copy, checked 2026-11).
    """
    call = send_call(app, domains, tokens, request, purpose=purpose, effect=effect, timeout_s=timeout_s)
    response = yield call
    interpret(call, response)
    body = send_api_elements(response)[0].get("body")
    sequence = body.get("sequence") if isinstance(body, dict) else None
    # The answer to a chat state is always 0: no event has that number.
    if purpose is Purpose.CHAT_STATE or isinstance(sequence, bool) or not isinstance(sequence, int):
        sequence = None
    return Published(sequence=sequence)


def text_parts(text: str, *, conversation_id: str, dialog_id: str, metadata: Metadata | None = None) -> list[str]:
    """Pieces of ``text``, each short enough for a ``publish_text`` of its own with any request id; ``[]`` for empty text.

    Measured on the encoded request, so quotes, line breaks and metadata count as what they cost.

    Raises:
        ContentRejected: ``metadata`` leaves no room for text.
    """
    frame = event_request(
        {"type": "ContentEvent", "contentType": "text/plain", "message": ""},
        conversation_id=conversation_id,
        dialog_id=dialog_id,
        request_id="x" * MAX_REQUEST_ID_CHARS,
        metadata=metadata,
    )
    room = MAX_REQUEST_CHARS - json_units(frame)
    if room < _MIN_TEXT_ROOM:
        raise ContentRejected("the message's metadata fills LivePerson's 5000 characters", provider_code="too_long")
    return split_text(text, room, measure=lambda piece: json_units(piece) - 2)


def json_units(value: Any) -> int:
    """The length of ``value`` as the JSON that is sent, in UTF-16 units."""
    return utf16_units(dump_json(value))


def publish_text(
    app: LivePersonAppConfig,
    domains: Mapping[str, str],
    tokens: Tokens,
    *,
    conversation_id: str,
    dialog_id: str,
    request_id: str,
    text: str,
    metadata: Metadata | None = None,
) -> Steps[Published]:
    """A text of the consumer; ``text`` is at most one of ``text_parts``. After a tap on a button: its text, with its metadata."""
    request = event_request(
        {"type": "ContentEvent", "contentType": "text/plain", "message": text},
        conversation_id=conversation_id,
        dialog_id=dialog_id,
        request_id=request_id,
        metadata=metadata,
    )
    return publish(app, domains, tokens, request, purpose=Purpose.TEXT)


def publish_chat_state(
    app: LivePersonAppConfig,
    domains: Mapping[str, str],
    tokens: Tokens,
    *,
    conversation_id: str,
    dialog_id: str,
    request_id: str,
    state: ChatStateKind,
) -> Steps[Published]:
    """What the consumer is doing. A message does not end ``COMPOSING``; another state does. A survey dialog takes none."""
    request = event_request(
        {"type": "ChatStateEvent", "chatState": CHAT_STATES[state]},
        conversation_id=conversation_id,
        dialog_id=dialog_id,
        request_id=request_id,
    )
    return publish(app, domains, tokens, request, purpose=Purpose.CHAT_STATE, effect=False, timeout_s=CHAT_STATE_TIMEOUT_S)


def publish_accept_status(
    app: LivePersonAppConfig,
    domains: Mapping[str, str],
    tokens: Tokens,
    *,
    conversation_id: str,
    dialog_id: str,
    request_id: str,
    status: AcceptStatus,
    sequences: Sequence[int],
    metadata: Metadata | None = None,
) -> Steps[Published]:
    """What became of the agent's messages ``sequences`` of this dialog. For ``ACTION``, ``metadata`` is the tapped element's, verbatim.

    Only a tap counts as an effect: that a message was read may be said twice.
    """
    request = event_request(
        {"type": "AcceptStatusEvent", "status": status.value, "sequenceList": list(sequences)},
        conversation_id=conversation_id,
        dialog_id=dialog_id,
        request_id=request_id,
        metadata=metadata,
    )
    return publish(app, domains, tokens, request, purpose=Purpose.ACCEPT_STATUS, effect=status is AcceptStatus.ACTION)


def publish_close(
    app: LivePersonAppConfig,
    domains: Mapping[str, str],
    tokens: Tokens,
    *,
    conversation_id: str,
    dialog_id: str,
    request_id: str,
    scope: CloseScope = CloseScope.DIALOG,
) -> Steps[Published]:
    """The consumer's end of a dialog or of everything. Repeating it is harmless: ``ConversationGone`` then says that it is done.

    Source: https://developers.liveperson.com/connector-api-send-api-examples.html (archived copy, checked 2026-11).
    """
    fields: dict[CloseScope, dict[str, Any]] = {
        CloseScope.CONVERSATION: {"field": "ConversationStateField", "conversationState": "CLOSE"},
        CloseScope.DIALOG: {
            "field": "DialogChange",
            "type": "UPDATE",
            "dialog": {"dialogId": dialog_id, "state": "CLOSE", "closedCause": "Closed by consumer"},
        },
        CloseScope.STAGE: {"field": "Stage", "conversationState": "CLOSE"},
    }
    request = _field_request(fields[scope], conversation_id=conversation_id, request_id=request_id)
    return publish(app, domains, tokens, request, purpose=Purpose.CLOSE, effect=False)


def publish_csat(
    app: LivePersonAppConfig,
    domains: Mapping[str, str],
    tokens: Tokens,
    *,
    conversation_id: str,
    request_id: str,
    csat: int,
    resolved: bool | None,
) -> Steps[Published]:
    """The consumer's rating, 1..5, and whether the matter was resolved (FCR). Sent after the close; LivePerson wants both at once.

    Where the consumer did not say whether it was resolved (None), the rating goes as PARTIALLY_FILLED; LivePerson's schema leaves no way to
    omit the answer, so it is then false.

    Raises:
        ContentRejected: ``csat`` is not 1..5; nothing is sent.
    """
    if not 1 <= csat <= 5:
        raise ContentRejected("a rating is 1 to 5", provider_code="csat_out_of_range")
    status = "FILLED" if resolved is not None else "PARTIALLY_FILLED"
    field = {"field": "CSATRate", "csatRate": csat, "csatResolutionConfirmation": bool(resolved), "status": status}
    request = _field_request(field, conversation_id=conversation_id, request_id=request_id)
    return publish(app, domains, tokens, request, purpose=Purpose.CSAT, effect=False)


def set_profile(
    app: LivePersonAppConfig, domains: Mapping[str, str], tokens: Tokens, consumer: Consumer, *, request_id: str
) -> Steps[Published]:
    """The consumer's profile anew, without a conversation."""
    request = request_object("userprofile.SetUserProfile", profile_body(consumer, language=app.language), request_id=request_id)
    return publish(app, domains, tokens, request, purpose=Purpose.PROFILE, effect=False)


def event_request(
    event: Mapping[str, Any], *, conversation_id: str, dialog_id: str, request_id: str, metadata: Metadata | None = None
) -> dict[str, Any]:
    """The request object that publishes ``event`` in a dialog."""
    # conversationId is optional for MAIN and needed for a survey: both are sent always, as LivePerson's own connector does.
    body = {"dialogId": dialog_id, "conversationId": conversation_id, "event": dict(event)}
    return request_object("ms.PublishEvent", body, request_id=request_id, metadata=metadata)


def _field_request(field: Mapping[str, Any], *, conversation_id: str, request_id: str) -> dict[str, Any]:
    # An object, as in every consumer-side sample; the schema and the agents' samples have an array.
    body = {"conversationId": conversation_id, "conversationField": dict(field)}
    return request_object("cm.UpdateConversationField", body, request_id=request_id)
