"""What an event becomes as SMS and MMS: texts cut to the vendor's limit, pictures and files as MMS or as links, structure as numbered lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from channels_app.providers.base import Sent
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import Contact, Content, File, FileKind, Location, RichContent, Text
from connector_platform.core.rich import Abilities, Loss, LossKind, Shown, in_lines, in_words, parse, plan
from connector_platform.core.rich.parts import ChoicesPart, ImagePart, TextPart
from connector_platform.core.text import split_text

_MANY = 100_000
"""Quick replies that the vendor shows are handed to it whole, whatever their number and length."""

AS_LINK = Loss(path="/url", kind=LossKind.REDUCED, reason="the file is sent as a link")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the vendor takes in one message, in units of ``measure``. With any ``image_schemes`` (of addresses that it fetches pictures from)
    pictures and files are MMS, else links. With ``quick_replies`` it shows such choices by itself, else they are numbered.
    """

    max_text: int
    measure: Callable[[str], int] = len
    image_schemes: frozenset[str] = frozenset()
    max_caption: int = 0
    quick_replies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to send: an SMS, or with a ``file`` an MMS. ``quick_replies``: titles to be shown below it."""

    text: str = ""
    file: File | None = None
    quick_replies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Messages in order, never none; what they lack, what they offer to choose from."""

    messages: list[Message]
    losses: tuple[Loss, ...] = ()
    shown: Shown = ()


def render(content: Content, limits: Limits) -> Rendered:
    """The messages that ``content`` becomes.

    Raises:
        UnsupportedContent: SMS has no form for it, or there is nothing in it. RichContentInvalid: it cannot be read.
    """
    rendered = _render(content, limits)
    if not rendered.messages:
        raise UnsupportedContent("there is nothing in it to send")
    return rendered


def send_messages(
    rendered: Rendered, call: Callable[[Message, int], HttpCall], ids_of: Callable[[HttpResponse], Iterable[str]]
) -> Steps[Sent]:
    """One ``call`` for each message, numbered from 1, strictly after another. ``ids_of`` an answer: the vendor's for each SMS that it made."""
    ids: list[str] = []
    for number, message in enumerate(rendered.messages, 1):
        response = yield call(message, number)
        ids += ids_of(response)
    return Sent(parts=tuple((message_id,) for message_id in ids), losses=rendered.losses, shown=rendered.shown)


def part_id(message_id: str, number: int) -> str:
    """Our id of one message of an event: the event's own for the first, ``<id>-2`` and so on for the others."""
    return message_id if number == 1 else f"{message_id}-{number}"


def texts(text: str, limits: Limits) -> list[Message]:
    """``text`` in messages of at most ``limits.max_text``; nothing for blank text."""
    pieces = split_text(text.replace("\x00", "").strip(), limits.max_text, measure=limits.measure)
    return [Message(text=piece) for piece in pieces if not piece.isspace()]


def _render(content: Content, limits: Limits) -> Rendered:
    match content:
        case Text():
            return Rendered(messages=texts(content.text, limits))
        case File(url=url) if url.startswith(("https://", "http://")):
            return _file(content, limits)
        case File():
            raise UnsupportedContent("the file has no public address that an SMS could link to")
        case Location() | Contact():
            words, loss = in_words(content)
            return Rendered(messages=texts(words, limits), losses=(loss,))
        case RichContent():
            return _rich(content, limits)
        case _:
            raise UnsupportedContent(f"SMS has no form for {content.type}")


def _file(file: File, limits: Limits) -> Rendered:
    if limits.image_schemes:
        first, *rest = texts(file.caption, limits) or [Message()]
        return Rendered(messages=[Message(text=first.text, file=file), *rest])
    return Rendered(messages=texts(in_lines((file.caption or file.name, file.url)), limits), losses=(AS_LINK,))


def _rich(content: RichContent, limits: Limits) -> Rendered:
    able = Abilities(
        measure=limits.measure,
        max_text=limits.max_text,
        image_schemes=limits.image_schemes,
        max_image_caption=limits.max_caption,
        max_quick_replies=_MANY if limits.quick_replies else 0,
        max_quick_reply_title=_MANY if limits.quick_replies else 0,
    )
    planned = plan(parse(content.content, content.quick_replies, content.text), able)
    messages: list[Message] = []
    for part in planned.parts:
        match part:
            case TextPart():
                messages += texts(part.text, limits)
            case ChoicesPart():
                *before, last = texts(part.text, limits)
                messages += [*before, replace(last, quick_replies=tuple(choice.title for choice in part.choices))]
            case ImagePart():
                messages.append(Message(text=part.caption, file=File(kind=FileKind.IMAGE, url=part.url)))
            case _:
                raise AssertionError(f"the abilities of SMS rule out a {type(part).__name__}")
    return Rendered(messages=messages, losses=planned.losses, shown=planned.shown)
