"""The documented templates, and what a provider makes of one: the calls that leave, the report of losses, the table of choices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from channels_app.providers.registry import PROVIDERS as REGISTERED
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import RichContent
from tests.providers.contract.cases import load_case, send

TEMPLATES = Path(__file__).parent / "templates"
PROVIDERS = tuple(slug for slug in sorted(REGISTERED) if load_case(slug).rendered is not None)
"""Those whose case tells what of a call is the message."""


def templates() -> list[Path]:
    """The templates: ``text``, ``content`` and ``quick_replies`` of a ``RichContent`` each."""
    return sorted(path for path in TEMPLATES.glob("*.json") if path.suffixes == [".json"])


def load(template: Path) -> RichContent:
    return RichContent(**json.loads(template.read_text(encoding="utf-8")))


def expected_path(template: Path, slug: str) -> Path:
    return template.with_suffix(f".{slug}.json")


def outcome(template: Path, slug: str) -> dict[str, Any]:
    """What leaves (the vendor's message objects, or texts), what was lost, what can be chosen from."""
    case = load_case(slug)
    try:
        sent, calls = send(case, load(template))
    except UnsupportedContent as error:
        return {"refused": error.message}
    assert case.rendered is not None
    return {
        "sent": [case.rendered(call) for call in calls],
        "losses": [loss.to_json() for loss in sent.losses],
        "shown": [choice.to_json() for choice in sent.shown],
    }
