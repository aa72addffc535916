"""From Telegram's updates to our vocabulary. One POST carries one update, and an update is one thing that happened.

Source: https://core.telegram.org/bots/api#update (checked 2026-11).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from channels_app.providers.base import CallbackAnswer
from channels_app.providers.telegram import media, wire
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import Content, File, InboundEvent, OptIn, OptOut, ParsedCallback, Profile, Selection, Text, Unsupported

_ELSEWHERE = "ignored: not something that a person writes to the bot"
_BUSINESS = "ignored: the account of a business person; this channel is a bot's own chats"

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "message.text": "a text for the agent; a quoted message is named",
        "message.start": "an opt-in with the link's reference where /start carries one, else a line for the agent: the chat was started",
        **media.EVENT_TYPES,
        "message.service": "ignored: Telegram's own notices (pinned, timer changed ...)",
        "message.other": "a line for the agent that something came which cannot be shown",
        "edited_message": "a text for the agent, marked as an edit",
        "edited_message.location": "ignored: the next position of a live location",
        "callback_query": "a selection: what the tapped button carries, and its label",
        "callback_query.game": "ignored: the button of a game",
        "my_chat_member.blocked": "an opt-out: the person blocked the bot",
        "my_chat_member.unblocked": "an opt-in: the person took the block back",
        "my_chat_member.other": "ignored: any other change of the bot's own place in a chat",
        "message_reaction": "a line for the agent: reacted, or took the reaction back",
        "not_private": "ignored: groups and channels",
        "from_bot": "ignored: what bots do",
        "empty": "ignored: an update with nothing in it",
        "unreadable": "ignored: an update that names no chat, or is of another form",
        "business_connection": _BUSINESS,
        "business_message": _BUSINESS,
        "edited_business_message": _BUSINESS,
        "deleted_business_messages": _BUSINESS,
        "channel_post": _ELSEWHERE,
        "edited_channel_post": _ELSEWHERE,
        "inline_query": _ELSEWHERE,
        "chosen_inline_result": _ELSEWHERE,
        "shipping_query": _ELSEWHERE,
        "pre_checkout_query": _ELSEWHERE,
        "poll": _ELSEWHERE,
        "poll_answer": _ELSEWHERE,
        "chat_member": _ELSEWHERE,
        "chat_join_request": _ELSEWHERE,
        "chat_boost": _ELSEWHERE,
        "removed_chat_boost": _ELSEWHERE,
        "message_reaction_count": _ELSEWHERE,
        "purchased_paid_media": _ELSEWHERE,
        "guest_message": _ELSEWHERE,
        "managed_bot": _ELSEWHERE,
        "subscription": _ELSEWHERE,
    }
)

EDITED = "✎ edited: "
MAX_NOTICE = 200

# "/start", or "/start <payload>" from https://t.me/<bot>?start=<payload>; the app may put the bot's name behind the command.
_START = re.compile(r"/start(?:@\w+)?(?:\s+(?P<payload>\S.*))?\s*", re.DOTALL)
_SERVICE = frozenset(
    {
        *("new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo", "group_chat_created"),
        *("supergroup_chat_created", "channel_chat_created", "message_auto_delete_timer_changed", "migrate_to_chat_id"),
        *("migrate_from_chat_id", "pinned_message", "connected_website", "write_access_allowed", "chat_background_set"),
        *("successful_payment", "refunded_payment", "users_shared", "chat_shared", "passport_data", "proximity_alert_triggered"),
    }
)

Made = tuple[str, str, Content]
"""Wire type, source id, content."""


class _Ignored(Exception):
    """This update is understood and left aside; the argument is its wire type."""


@dataclass(frozen=True, slots=True)
class _Update:
    """An update of a private chat. ``data`` is what stands behind its kind."""

    id: str
    data: dict[str, Any]
    chat_id: str

    def message_id(self, holder: Any) -> str:
        """The identity of the message in ``holder``; its number alone is unique in one chat only. ``""`` where it has none."""
        number = wire.identifier(holder, "message_id")
        return f"{self.chat_id}:{number}" if number else ""


def parse(body: bytes) -> ParsedCallback:
    """What the update in ``body`` says, or the name of what is left aside.

    Raises:
        PayloadMalformed: not JSON, or no object.
    """
    root = wire.decode(body)
    kind = next((key for key in root if key in _READERS), "") or next((key for key in root if key != "update_id"), "")
    if kind not in _READERS:
        return ParsedCallback(ignored=(wire.name(kind) if kind else "empty",))
    try:
        return ParsedCallback(events=tuple(_read(kind, root)))
    except _Ignored as reason:
        return ParsedCallback(ignored=(str(reason),))
    except RecursionError:
        # Just shallow enough to be read, too deep to be written again.
        return ParsedCallback(ignored=("unreadable",))


def answer(body: bytes) -> CallbackAnswer:
    """200; to a tap with the call that takes the button's waiting sign away, as Telegram runs a method that its webhook answers with.

    A tap leaves nothing in the chat, so the person is shown for a moment what was chosen.

    Source: https://core.telegram.org/bots/api#making-requests-when-getting-updates, #answercallbackquery (checked 2026-11).
    """
    try:
        query = wire.obj(wire.decode(body), "callback_query")
    except PayloadMalformed:
        query = {}
    query_id = wire.handle(query, "id")
    if not query_id:
        return CallbackAnswer()
    method = {"method": "answerCallbackQuery", "callback_query_id": query_id}
    if label := _label(wire.obj(query, "message"), wire.text(query, "data")):
        method["text"] = label[:MAX_NOTICE]
    return CallbackAnswer(body=json.dumps(method).encode(), content_type="application/json")


def _read(kind: str, root: dict[str, Any]) -> Iterator[InboundEvent]:
    data = root[kind]
    if not isinstance(data, dict):
        raise _Ignored("unreadable")
    person = wire.obj(data, "user" if kind == "message_reaction" else "from")
    if person.get("is_bot") is True:
        raise _Ignored("from_bot")
    raw = wire.dump(root)
    update = _Update(wire.identifier(root, "update_id") or wire.digest(raw.decode()), data, _chat_id(kind, data, person))
    for wire_type, source_id, content in _READERS[kind](update):
        yield InboundEvent(
            consumer_id=update.chat_id,
            source_id=source_id,
            content=content,
            wire_type=wire_type,
            raw=raw,
            occurred_at=_occurred_at(kind, data),
            profile=_profile(person, content),
        )


def _chat_id(kind: str, data: dict[str, Any], person: dict[str, Any]) -> str:
    """The private chat's id, by which the person is answered."""
    chat = wire.obj(wire.obj(data, "message") if kind == "callback_query" else data, "chat")
    if chat and wire.text(chat, "type") != "private":
        raise _Ignored("not_private")
    # A tap may come without its message. In a private chat both ids are the same.
    chat_id = wire.identifier(chat, "id") or (wire.identifier(person, "id") if kind == "callback_query" else "")
    if not chat_id:
        raise _Ignored("unreadable")
    return chat_id


def _occurred_at(kind: str, data: dict[str, Any]) -> datetime | None:
    """When it happened. A tap has no time of its own: its message's is that of the bot's message."""
    if kind == "callback_query":
        return None
    return wire.instant(data, "edit_date" if kind == "edited_message" else "date")


def _profile(person: dict[str, Any], content: Content) -> Profile | None:
    """What Telegram tells of who did it, and the link's parameter where they came by one."""
    first_name, last_name = wire.text(person, "first_name")[:200], wire.text(person, "last_name")[:200]
    reference = content.reference if isinstance(content, OptIn) else ""
    if not first_name and not last_name and not reference:
        return None
    return Profile(
        name=f"{first_name} {last_name}".strip(),
        first_name=first_name,
        last_name=last_name,
        locale=wire.text(person, "language_code")[:35],
        username=wire.text(person, "username")[:100],
        reference=reference,
    )


def _message(update: _Update) -> Iterator[Made]:
    message = update.data
    source_id = update.message_id(message) or f"update:{update.id}"
    words = wire.text(message, "text")
    if words:
        if (start := _START.fullmatch(words)) is not None:
            yield "message.start", source_id, _started((start["payload"] or "").strip())
        else:
            yield "message.text", source_id, Text(text=words, reply_to=update.message_id(message.get("reply_to_message")))
        return
    kind = next((kind for kind in media.KINDS if kind in message), "")
    if not kind and not _SERVICE.isdisjoint(message):
        raise _Ignored("message.service")
    content = media.read(kind, message) if kind else Unsupported(kind="message", description="sent something this channel cannot show")
    wire_type = f"message.{kind or 'other'}"
    yield wire_type, source_id, content
    caption = wire.text(message, "caption")
    if caption and not isinstance(content, File):
        yield wire_type, f"{source_id}#1", Text(text=caption)


def _started(payload: str) -> Content:
    return OptIn(reference=payload) if payload else Unsupported(kind="start", description="started the chat")


def _edited_message(update: _Update) -> Iterator[Made]:
    message = update.data
    if "location" in message and "venue" not in message:
        raise _Ignored("edited_message.location")
    edited = update.message_id(message)
    words = wire.text(message, "text") or wire.text(message, "caption")
    content: Content = Unsupported(kind="edit", description="edited an earlier message")
    if words:
        content = Text(text=EDITED + words, reply_to=edited)
    # Two edits may fall into one second; the update's number tells them apart.
    yield "edited_message", f"edit:{edited or update.chat_id}:{update.id}", content


def _callback_query(update: _Update) -> Iterator[Made]:
    query, message = update.data, wire.obj(update.data, "message")
    data = wire.text(query, "data")
    if not data:
        raise _Ignored("callback_query.game" if "game_short_name" in query else "unreadable")
    tapped = wire.identifier(query, "id") or f"{update.chat_id}:{update.id}"
    selection = Selection(payload=data, title=_label(message, data), message_id=update.message_id(message))
    yield "callback_query", f"tap:{tapped}", selection


def _label(message: dict[str, Any], data: str) -> str:
    """The label of the button in ``message`` that carries ``data``; ``""`` where the message is no longer there or has none."""
    rows = wire.items(wire.obj(message, "reply_markup"), "inline_keyboard")
    buttons = [button for row in rows if isinstance(row, list) for button in row]
    return next((wire.text(button, "text") for button in buttons if wire.text(button, "callback_data") == data), "")


def _my_chat_member(update: _Update) -> Iterator[Made]:
    old, new = (wire.text(wire.obj(update.data, key), "status") for key in ("old_chat_member", "new_chat_member"))
    source_id = f"member:{update.chat_id}:{update.id}"
    if new == "kicked":
        yield "my_chat_member.blocked", source_id, OptOut(reason="blocked the bot")
    elif new == "member" and old == "kicked":
        yield "my_chat_member.unblocked", source_id, OptIn()
    else:
        raise _Ignored("my_chat_member.other")


def _message_reaction(update: _Update) -> Iterator[Made]:
    reactions = wire.items(update.data, "new_reaction")
    shown = " ".join(wire.text(reaction, "emoji")[:16] or "a sticker" for reaction in reactions[:10])
    source_id = f"reaction:{update.message_id(update.data) or update.chat_id}:{update.id}"
    description = f"reacted with {shown}" if reactions else "took a reaction back"
    yield "message_reaction", source_id, Unsupported(kind="reaction" if reactions else "reaction_removed", description=description)


_READERS: Mapping[str, Callable[[_Update], Iterator[Made]]] = {
    "message": _message,
    "edited_message": _edited_message,
    "callback_query": _callback_query,
    "my_chat_member": _my_chat_member,
    "message_reaction": _message_reaction,
}
