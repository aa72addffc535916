"""docs/liveperson says what is true: its tests exist, its samples parse, its tables are the code's."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from channels_app.options import ChannelOptions, Engagement, Survey, Texts
from channels_app.providers.registry import PROVIDERS
from connector_platform.liveperson.errors import ERRORS
from connector_platform.liveperson.notifications import EVENT_TYPES
from connector_platform.liveperson.sdes import DEFAULT_ATTRIBUTES, FACTS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "liveperson"
PAGES = {page.name: page.read_text() for page in sorted(FOLDER.glob("*.md"))}
TEXT = "\n".join(PAGES.values())
INDEX = PAGES["README.md"]

TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LINK = re.compile(r"\]\(([\w./-]*)(?:#([\w-]+))?\)")
SAMPLE = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def section(text: str, heading: str) -> str:
    """What stands below ``heading``, up to the next one of its level."""
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in ``text``, row by row, without the rows of dashes."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [row for row in cells if set(row[0]) != {"-"}]


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def defined_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_test_that_is_named_exists() -> None:
    named = TEST.findall(TEXT)
    assert len(named) > 100
    assert [f"{path}::{name}" for path, name in named if name not in defined_in(path)] == []


def test_every_capability_has_a_section_and_a_test() -> None:
    capabilities = rows(section(INDEX, "Capabilities"))[1:]
    assert len(capabilities) > 30
    assert [row[0] for row in capabilities if len(row) != 3 or not LINK.search(row[1]) or not TEST.fullmatch(row[2])] == []


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for path, anchor in LINK.findall(PAGES[name]):
        target = FOLDER / path if path else FOLDER / name
        assert target.exists(), path
        assert not anchor or anchor in anchors(target.read_text()), f"{path}#{anchor}"


def test_every_sample_is_json() -> None:
    samples = SAMPLE.findall(TEXT)
    assert len(samples) == TEXT.count("```json") > 20
    for sample in samples:
        json.loads(sample)


def test_the_table_of_refusals_has_every_row_of_the_code() -> None:
    written = {code for row in rows(section(PAGES["errors.md"], "Refusals"))[1:] for code in re.findall(r"`(\w+)`", row[0])}
    assert written == {meaning.code for meaning in ERRORS}


def test_every_option_fact_attribute_and_event_type_is_named() -> None:
    options = {*ChannelOptions.model_fields, *Texts.model_fields}
    nested = {*(f"survey.{name}" for name in Survey.model_fields), *(f"engagement.{name}" for name in Engagement.model_fields)}
    names = (options - {"survey", "engagement"}) | nested | {*FACTS, *EVENT_TYPES, *DEFAULT_ATTRIBUTES}
    # A text may stand with its option before it.
    assert sorted(name for name in names if not re.search(rf"`(?:texts\.)?{re.escape(name)}`", TEXT)) == []


def test_the_channels_can_do_what_the_table_says() -> None:
    head, *flags = rows(section(INDEX, "Which channels have what"))
    providers = [PROVIDERS[slug] for slug in head[2:]]
    for row in flags:
        said = [cell == "yes" for cell in row[2:]]
        assert said == [getattr(provider.capabilities, row[0].strip("`")) for provider in providers], row[0]
