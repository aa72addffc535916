"""LivePerson's own schemas as regression data: what its web renderer takes, we take, and whole."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from connector_platform.core.rich import Abilities, model, parse, parse_content, plan
from tests.core.rich.matrix import load, templates

SCHEMAS = Path(__file__).parent / "schemas"
BASE = "https://schemas.example.com/"
# What the guides and live traffic have and these schemas refuse.
BEYOND = {
    "apple__list",  # a row that can be tapped
    "element__button_unknown_action",
    "element__unknown",
    "element__without_types",
    "facebook__carousel",  # a carousel with a tag
    "limit__cards_11",
    "line__carousel",
    "trap__content_as_json_string",
    "trap__metadata_as_object",
    "trap__null_fields",
    "trap__quick_replies_inside_content",
    "web__introduction",
}


@cache
def schema(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    return data


@cache
def validator(name: str) -> Draft4Validator:
    resources = [(BASE + path.name, Resource(schema(path.name), DRAFT4)) for path in SCHEMAS.glob("*.json")]
    registry: Registry[Any] = Registry().with_resources(resources)
    return Draft4Validator({"$ref": BASE + name}, registry=registry)


def is_valid(content: Any) -> bool:
    """By the schema of its own type where there is one: the union tries every branch at every level, which takes minutes for a list."""
    name = f"{content.get('type')}.json" if isinstance(content, dict) else ""
    return bool(validator(name if (SCHEMAS / name).is_file() else "rich_content.json").is_valid(content))


@pytest.mark.parametrize("template", [path for path in templates() if load(path).content], ids=lambda path: path.stem)
def test_our_templates_are_valid_unless_they_go_beyond_on_purpose(template: Path) -> None:
    assert is_valid(load(template).content) is (template.stem not in BEYOND)


def made_of(rules: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    """Values that ``rules`` accept; nested no deeper than ``depth``."""
    if "$ref" in rules:
        name, _, inside = str(rules["$ref"]).partition("#")
        found = schema(name)
        for step in inside.split("/")[1:]:
            found = found[step]
        return st.deferred(lambda: made_of(found, depth - 1))
    for several in ("oneOf", "anyOf"):
        if several in rules:
            leaves = [branch for branch in rules[several] if branch.get("$ref") in ("card.json", "basic.json")]
            branches = leaves if leaves and depth <= 0 else rules[several]
            return st.one_of(*(made_of(branch, depth) for branch in branches))
    if "enum" in rules:
        return st.sampled_from(rules["enum"])
    match rules.get("type"):
        case "object":
            fields = rules.get("properties", {})
            required = {name: made_of(fields[name], depth) for name in rules.get("required", ())}
            optional = {name: made_of(inner, depth) for name, inner in fields.items() if name not in required and name != "accessibility"}
            return st.fixed_dictionaries(required, optional=optional if depth > 0 else {})
        case "array":
            items = rules.get("items")
            if isinstance(items, list):
                return st.tuples(*(made_of(item, depth) for item in items)).map(list)
            least = rules.get("minItems", 0)
            inner = made_of(items, depth) if items else st.fixed_dictionaries({"type": st.just("ExternalId"), "id": st.text(max_size=5)})
            return st.lists(inner, min_size=least, max_size=least + (2 if depth > 0 else 0))
        case "string" if rules.get("format") == "uri":
            return st.sampled_from(["https://example.com/a", "tel:+15550100", "app://a"])
        case "string":
            return st.text(st.characters(codec="utf-8"), max_size=20)
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(-(2**40), 2**40)
        case "number":
            return st.floats(-90, 90)
    raise AssertionError(f"a kind of schema that these tests do not know: {rules}")


@settings(max_examples=150)
@given(made_of(schema("rich_content.json"), 9))
def test_what_pollock_takes_we_take(content: Any) -> None:
    element = parse_content(content)
    assert not any(isinstance(found, model.UnknownElement) for found in walk(element))
    plan(parse(content), Abilities())


def walk(element: model.Element) -> list[model.Element]:
    children = element.elements if isinstance(element, model.Container) else ()
    return [element, *(found for child in children for found in walk(child))]
