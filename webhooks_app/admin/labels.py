"""Words and colours for what happens to events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from channels_app.models import Channel, ProviderApp
from channels_app.providers.registry import PROVIDERS
from connector_platform.core.redaction import redact, secret_values
from connector_platform.core.rich import Choice, ChoiceKind, LossKind
from webhooks_app.models import EventState

EVENT_COLOURS = {
    EventState.WAITING: "info",
    EventState.SENDING: "info",
    EventState.HELD: "info",
    EventState.DONE: "success",
    EventState.SKIPPED: "default",
    EventState.UNKNOWN: "warning",
    EventState.DEAD: "danger",
}
LOSSES = {
    LossKind.DROPPED: ("Dropped", "danger"),
    LossKind.SHORTENED: ("Shortened", "warning"),
    LossKind.REDUCED: ("Reduced", "warning"),
    LossKind.MOVED: ("Moved", "info"),
}
"""What became of something that the channel could not show as it was meant: a word and its colour."""
CHOICES = {
    ChoiceKind.LINK: "opens a link",
    ChoiceKind.CALL: "calls",
    ChoiceKind.NAVIGATE: "shows a place",
    ChoiceKind.ADD_TO_CART: "adds to the cart",
    ChoiceKind.CUSTOM: "reports to LivePerson",
    ChoiceKind.SCHEDULE_SLOT: "chooses a time",
    ChoiceKind.CHECKED: "ticks a box",
    ChoiceKind.UNKNOWN: "an action that is not known",
}
"""What choosing does, beside saying its words, which most do."""
EXCERPT_CHARS = 20_000
"""A page shows this much of a raw body."""


@dataclass(frozen=True)
class Fact:
    """A line of a row's page; ``url`` leads to the row that the value names."""

    name: str
    value: str
    url: str = ""


def instant(value: datetime | None) -> str:
    """A moment to the second, UTC; empty where there is none."""
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if value is not None else ""


def summary(content: dict[str, Any]) -> str:
    """What was said or done, in a line."""
    kind = content.get("type", "")
    match kind:
        case "text":
            return str(content.get("text", ""))
        case "file":
            return " ".join(filter(None, (str(content.get("kind", "file")), str(content.get("name", "")), str(content.get("caption", "")))))
        case "selection":
            return str(content.get("title") or content.get("payload", ""))
        case "location":
            return str(content.get("title") or f"{content.get('latitude')}, {content.get('longitude')}")
        case "chat_state":
            return str(content.get("state", ""))
        case "receipt":
            numbers = ", ".join(str(number) for number in content.get("sequences", []) or content.get("message_ids", []))
            return f"{content.get('kind', '')} {numbers}".strip()
        case "rich_content":
            return str(content.get("text", "")) or "structured content"
        case "conversation_change":
            return f"conversation {str(content.get('stage') or content.get('state', '')).lower()}"
        case "unsupported":
            return str(content.get("description") or content.get("kind", ""))
    return kind.replace("_", " ")


def offered(choice: Choice) -> str:
    """What the person could choose, as a line: its number where one was shown, its title, and what choosing it does where that differs."""
    number = f"{choice.number}) " if choice.is_numbered else ""
    says = f"says “{choice.publish_text}”" if choice.publish_text and choice.publish_text != choice.title else ""
    does = CHOICES.get(choice.kind, "")
    effect = ", ".join(filter(None, (does, says)))
    return f"{number}{choice.title}" + (f" ({effect})" if effect else "")


def remedy(provider_slug: str, provider_code: str, error_code: str = "") -> str:
    """What the provider's error table advises for this code; empty where it knows none."""
    provider = PROVIDERS.get(provider_slug)
    if provider is None or not provider_code:
        return ""
    rows = {row.code: row for row in provider.errors}
    # A code with a subcode that is not in the table means what the code alone means.
    row = rows.get(provider_code) or rows.get(provider_code.split("/", 1)[0])
    return row.remedy if row is not None and (not error_code or row.error.code == error_code) else ""


def secrets_of(*rows: Channel | ProviderApp | None) -> tuple[str, ...]:
    """Every secret of these rows' configurations: some gateways put theirs into the address of a callback."""
    found: list[str] = []
    for row in rows:
        provider = PROVIDERS.get(row.provider) if row is not None else None
        model = None if provider is None else provider.app_config_model if isinstance(row, ProviderApp) else provider.config_model
        if row is None or model is None:
            continue
        try:
            found += secret_values(model.model_validate(row.config))
        except ValidationError:
            continue  # a configuration that cannot be read has received nothing that could hold its secrets
    return tuple(found)


def raw_text(raw: bytes, secrets: tuple[str, ...] = ()) -> str:
    """A raw body to look at: without secrets, indented where it is JSON, cut where it is long."""
    text = redact(raw.decode("utf-8", "replace"), secrets)
    if len(text) > EXCERPT_CHARS:
        return f"{text[:EXCERPT_CHARS]}\n… {len(text) - EXCERPT_CHARS} more characters"
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
