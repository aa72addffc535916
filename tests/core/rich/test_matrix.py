"""Every documented template through the parser and both renderers, compared with what lies beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector_platform.core.rich import Choice, Loss, parse
from connector_platform.core.rich.model import Message
from tests.core.rich.matrix import PROVIDERS, expected_path, load, outcome, templates
from tests.core.rich.support import resolve


def test_there_are_templates() -> None:
    assert len(templates()) >= 40


@pytest.mark.parametrize("slug", PROVIDERS)
@pytest.mark.parametrize("template", templates(), ids=lambda path: path.stem)
def test_a_template_becomes_what_lies_beside_it(template: Path, slug: str) -> None:
    assert outcome(template, slug) == json.loads(expected_path(template, slug).read_text(encoding="utf-8"))


@pytest.mark.parametrize("template", templates(), ids=lambda path: path.stem)
def test_a_template_is_read(template: Path) -> None:
    content = load(template)
    message = parse(content.content, content.quick_replies, content.text)
    assert message != Message()


@pytest.mark.parametrize("slug", PROVIDERS)
@pytest.mark.parametrize("template", templates(), ids=lambda path: path.stem)
def test_every_loss_and_choice_names_a_place_in_the_event(template: Path, slug: str) -> None:
    event: dict[str, Any] = json.loads(template.read_text(encoding="utf-8"))
    if isinstance(event.get("content"), str):
        event["content"] = json.loads(event["content"])
    result = outcome(template, slug)
    for entry in (*result["losses"], *result["shown"]):
        resolve(event, entry["path"])


@pytest.mark.parametrize("slug", PROVIDERS)
@pytest.mark.parametrize("template", templates(), ids=lambda path: path.stem)
def test_losses_and_choices_survive_json(template: Path, slug: str) -> None:
    result = json.loads(json.dumps(outcome(template, slug)))
    assert [Loss.from_json(entry).to_json() for entry in result["losses"]] == result["losses"]
    assert [Choice.from_json(entry).to_json() for entry in result["shown"]] == result["shown"]


def test_nothing_lies_about() -> None:
    known = {path for template in templates() for path in (template, *(expected_path(template, slug) for slug in PROVIDERS))}
    assert {path for path in templates()[0].parent.glob("*.json")} == known
