"""What a tap does, in the four forms that channels know: say something, open a page, dial a number, and nothing.

Source: https://developers.liveperson.com/structured-content-introduction-to-structured-content.html#element-click-operations
(checked 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit

from connector_platform.core.rich import model
from connector_platform.core.rich.choices import ChoiceKind
from connector_platform.core.rich.losses import LossKind
from connector_platform.core.rich.model import Metadata
from connector_platform.core.rich.parts import maps_link


class Note(Protocol):
    """Takes down a loss."""

    def __call__(self, path: str, kind: LossKind, reason: str, before: str = "", after: str = "", /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """``section`` is the path of the group of words and choices that these words head or belong to; empty outside such a group."""

    path: str
    text: str
    is_title: bool = False
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """``caption`` is to be read, ``label`` is the best name that there is for it."""

    path: str
    url: str
    caption: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    path: str
    latitude: float
    longitude: float
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An address with a name."""

    path: str
    url: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """``value`` is an address (LINK, NAVIGATE), a number to dial (CALL), or else what is said in the person's name."""

    kind: ChoiceKind
    value: str
    path: str

    @property
    def is_answer(self) -> bool:
        return self.kind not in (ChoiceKind.LINK, ChoiceKind.NAVIGATE, ChoiceKind.CALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Something to press: at most one answer and any number of addresses. ``is_tap``: it stands on words or a picture, not on a button.

    ``repeats`` is the path of the words that its title repeats.
    """

    path: str
    title: str
    acts: tuple[Act, ...]
    metadata: Metadata = ()
    subtitle: str = ""
    is_tap: bool = False
    repeats: str = ""


def presses(
    element: model.Element, title: str, note: Note, *, subtitle: str = "", is_tap: bool = False
) -> list[Words | Picture | Place | Reference | Press]:
    """What pressing ``element`` does: one ``Press``; several for appointments; words for what can only be asked for in words."""
    acts: list[Act] = []
    others: list[Words | Picture | Place | Reference | Press] = []
    foreign: list[tuple[model.Action, ChoiceKind]] = []
    name = title.strip() or element.tooltip.strip() or element.alt.strip()

    def answer(kind: ChoiceKind, words: str, path: str) -> None:
        if not words.strip():
            return
        if any(act.is_answer for act in acts):
            note(path, LossKind.DROPPED, "one press says one thing", words)
        else:
            acts.append(Act(kind=kind, value=words, path=path))

    for action in element.click.actions:
        match action:
            case model.PublishText():
                answer(ChoiceKind.PUBLISH_TEXT, action.text, action.path)
            case model.Checked():
                answer(ChoiceKind.CHECKED, action.publish_text, action.path)
            case model.Link():
                acts.append(_link(action, note))
                name = name or action.name.strip()
            case model.Navigate():
                acts.append(Act(kind=ChoiceKind.NAVIGATE, value=maps_link(action.latitude, action.longitude), path=action.path))
                name = name or action.name.strip()
            case model.AddToCart():
                foreign.append((action, ChoiceKind.ADD_TO_CART))
            case model.Custom():
                foreign.append((action, ChoiceKind.CUSTOM))
            case model.UnknownAction():
                foreign.append((action, ChoiceKind.UNKNOWN))
            case model.DatePicker():
                note(action.path, LossKind.REDUCED, "there is no date picker; the person writes the date")
                asked = " ".join(part for part in (action.title.strip(), _between(action.min_date_s, action.max_date_s)) if part)
                others.extend([Words(path=action.path, text=asked)] if asked else [])
            case model.ScheduleSlotList():
                others.extend(_slots(action, element.click.metadata, note))
    if not acts:
        if isinstance(element, model.Checkbox):
            answer(ChoiceKind.CHECKED, name, element.path)
        elif not is_tap and not others and not foreign and name:
            note(element.path, LossKind.REDUCED, "a button without a usable action says its title")
            answer(ChoiceKind.NONE, name, element.path)
    for action, kind in foreign:
        if acts or others or not name:
            note(action.path, LossKind.DROPPED, "this action needs the brand's own page", kind.value)
        else:
            note(action.path, LossKind.REDUCED, "this action needs the brand's own page; pressing says the title", kind.value)
            answer(kind, name, action.path)
    if not acts:
        spoken = [Words(path=element.path, text=words) for words in (title.strip(), subtitle.strip()) if words and not is_tap]
        return [*spoken, *others]
    if is_tap:
        note(f"{element.path}/click", LossKind.MOVED, "only buttons can be pressed; what it does has its own button or line")
    name = name or next((_host(act.value) for act in acts if not act.is_answer), acts[0].value.strip())
    repeats = element.path if is_tap and isinstance(element, model.TextElement) else ""
    press = Press(
        path=element.path,
        title=name,
        acts=tuple(acts),
        metadata=element.click.metadata,
        subtitle=subtitle.strip(),
        is_tap=is_tap,
        repeats=repeats,
    )
    return [press, *others]


def _link(action: model.Link, note: Note) -> Act:
    uri = action.uri.strip()
    for device in ("ios", "android", "web"):
        other = getattr(action, device).strip()
        if other and other != uri:
            note(f"{action.path}/{device}/uri", LossKind.DROPPED, "one address serves all devices", other)
    if uri.lower().startswith("tel:"):
        return Act(kind=ChoiceKind.CALL, value=uri[4:].strip(), path=action.path)
    return Act(kind=ChoiceKind.LINK, value=uri, path=action.path)


def _slots(action: model.ScheduleSlotList, metadata: Metadata, note: Note) -> list[Words | Picture | Place | Reference | Press]:
    note(action.path, LossKind.REDUCED, "appointments are shown as choices")
    found: list[Words | Picture | Place | Reference | Press] = []
    if action.title.strip():
        found.append(Words(path=action.path, text=action.title.strip()))
    for slot in action.slots:
        if slot.image_url:
            note(slot.path, LossKind.DROPPED, "a choice has no picture", slot.image_url)
        title = " ".join(part for part in (slot.title.strip(), _between(slot.start_s, slot.end_s), slot.description.strip()) if part)
        act = Act(kind=ChoiceKind.SCHEDULE_SLOT, value=title, path=slot.path)
        found.append(Press(path=slot.path, title=title, acts=(act,), metadata=metadata))
    return found


def _between(start_s: int | None, end_s: int | None) -> str:
    """A span of time in numbers, which need no language: ``2026-11-01 07:00–08:00 UTC``."""
    days_and_times = [_instant(at_s) for at_s in (start_s, end_s) if at_s is not None]
    has_times = any(time for _, time in days_and_times)
    words: list[str] = []
    last_day = ""
    for day, time in days_and_times:
        shown = " ".join(part for part in (day if day != last_day else "", (time or "00:00") if has_times else "") if part)
        words.extend([shown] if shown else [])
        last_day = day
    return "–".join(words) + (" UTC" if has_times else "")


def _instant(at_s: int) -> tuple[str, str]:
    """The day and, unless it is midnight, the time. Some samples have milliseconds; in seconds those are thousands of years away."""
    seconds = at_s / 1000 if abs(at_s) > 100_000_000_000 else at_s
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return str(at_s), ""
    return f"{at:%Y-%m-%d}", "" if at.hour == at.minute == 0 else f"{at:%H:%M}"


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or address
    except ValueError:
        return address
