"""What a provider says about itself: complete, true to its fixtures, readable."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from channels_app.providers.base import CallbackRequest, ErrorMeaning, ProviderConfig
from channels_app.providers.registry import PROVIDERS
from connector_platform.core.errors import DeliveryError
from connector_platform.core.events import (
    Close,
    Content,
    File,
    FileKind,
    Location,
    Receipt,
    ReceiptKind,
    content_from_json,
    content_to_json,
)
from tests.providers.contract.cases import ProviderCase, expected_path, load_case, parsed_to_json

MIN_CANARY = 12


def test_a_registered_provider_has_a_case_of_its_own(slug: str) -> None:
    case = load_case(slug)
    assert case.provider.slug == slug
    assert type(case.provider) is type(PROVIDERS[slug])


def test_the_provider_names_itself(case: ProviderCase) -> None:
    provider = case.provider
    assert re.fullmatch(r"[a-z][a-z0-9_]{1,31}", provider.slug)
    assert provider.title.strip()
    assert provider.docs_url.startswith("https://") or not provider.docs_url
    assert "" in provider.callback_paths or all(path.startswith("/") for path in provider.callback_paths)


def test_every_docstring_of_the_interface_is_there(case: ProviderCase) -> None:
    for name in ("verify", "parse", "send", "interpret"):
        assert inspect.getdoc(getattr(case.provider, name)), name


# Fixtures and event types


def test_a_fixture_parses_to_what_lies_beside_it(case: ProviderCase, fixture_path: Path) -> None:
    request, config = case.request_of(fixture_path), case.config_of(fixture_path)
    parsed = case.provider.parse(request, config)
    assert parsed_to_json(parsed) == json.loads(expected_path(fixture_path).read_text(encoding="utf-8"))
    assert case.provider.answer(request, config, parsed).status in range(200, 300)


def test_every_event_of_a_fixture_survives_json(case: ProviderCase, fixture_path: Path) -> None:
    for event in case.provider.parse(case.request_of(fixture_path), case.config_of(fixture_path)).events:
        restored = content_from_json(json.loads(json.dumps(content_to_json(event.content))))
        assert restored == event.content


def test_every_event_of_a_fixture_is_whole(case: ProviderCase, fixture_path: Path) -> None:
    request = case.request_of(fixture_path)
    events = case.provider.parse(request, case.config_of(fixture_path)).events
    for event in events:
        # A report on a message may name the message only.
        assert event.consumer_id or (isinstance(event.content, Receipt) and event.content.message_ids)
        assert event.source_id
        assert event.raw
        assert event.occurred_at is None or event.occurred_at.utcoffset() is not None
        assert not any(secret in event.raw.decode("utf-8", "replace") for secret in case.secrets)
    assert len({event.source_id for event in events}) == len(events)


def test_raw_holds_nothing_of_another_person(case: ProviderCase, fixture_path: Path) -> None:
    """One body may carry several tenants' events."""
    events = case.provider.parse(case.request_of(fixture_path), case.config_of(fixture_path)).events
    for event in events:
        for other in events:
            if other.consumer_id and other.consumer_id != event.consumer_id:
                assert other.consumer_id.encode() not in event.raw


def test_every_expectation_has_its_fixture(case: ProviderCase) -> None:
    known = {expected_path(fixture) for fixture in case.fixtures()}
    assert set(case.fixtures_dir.glob("*.expected.json")) == known
    assert (case.fixtures_dir / "SOURCES.md").is_file()


def test_every_event_type_has_a_fixture_and_every_fixture_is_listed(case: ProviderCase) -> None:
    met: set[str] = set()
    for fixture in case.fixtures():
        parsed = case.provider.parse(case.request_of(fixture), case.config_of(fixture))
        met |= {event.wire_type for event in parsed.events} | set(parsed.ignored)
    assert met == set(case.provider.event_types)
    assert all(meaning.strip() for meaning in case.provider.event_types.values())


# Capabilities


def _contents(case: ProviderCase) -> list[Content]:
    return [
        event.content
        for fixture in case.fixtures()
        for event in case.provider.parse(case.request_of(fixture), case.config_of(fixture)).events
    ]


def test_capabilities_for_receiving_are_seen_in_the_fixtures(case: ProviderCase) -> None:
    able, contents = case.provider.capabilities, _contents(case)
    files = {content.kind for content in contents if isinstance(content, File)}
    receipts = {content.kind for content in contents if isinstance(content, Receipt)}
    assert able.images_in == (FileKind.IMAGE in files)
    assert able.files_in == (FileKind.DOCUMENT in files)
    assert able.locations_in == any(isinstance(content, Location) for content in contents)
    assert able.delivered_receipts == (ReceiptKind.DELIVERED in receipts)
    assert able.read_receipts == (ReceiptKind.READ in receipts)
    assert able.close_in == any(isinstance(content, Close) for content in contents)


def test_capabilities_make_sense_together(case: ProviderCase) -> None:
    able = case.provider.capabilities
    assert able.max_text >= 2
    assert able.typing_out or able.typing_repeat_s is None
    assert able.typing_repeat_s is None or able.typing_repeat_s > 0


# The error table


def test_error_rows_are_unique_and_speak_to_an_operator(case: ProviderCase) -> None:
    rows: tuple[ErrorMeaning, ...] = case.provider.errors
    assert len({row.code for row in rows}) == len(rows)
    for row in rows:
        assert issubclass(row.error, DeliveryError)
        assert row.error is not DeliveryError
        assert row.meaning.strip(), row.code
    assert set(case.error_samples) == {row.code for row in rows}


# Configuration


def _models(case: ProviderCase) -> list[type[ProviderConfig]]:
    app = case.provider.app_config_model
    return [case.provider.config_model, *([app] if app else [])]


def _nested(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """``model`` and every model inside its fields."""
    seen: set[type[BaseModel]] = set()
    waiting: list[Any] = [model]
    while waiting:
        found = waiting.pop()
        if isinstance(found, type) and issubclass(found, BaseModel):
            if found not in seen:
                seen.add(found)
                waiting.extend(field.annotation for field in found.model_fields.values())
        else:
            waiting.extend(getattr(found, "__args__", ()))
    yield from seen


def test_the_examples_are_of_the_right_models(case: ProviderCase) -> None:
    assert type(case.config) is case.provider.config_model
    assert (type(case.app_config) if case.app_config else None) is case.provider.app_config_model
    secrets = [value.get_secret_value() for config in (case.config, case.app_config) for value in _secrets(config) if value]
    assert all(len(secret) >= MIN_CANARY for secret in secrets), "canaries must be long enough not to turn up by chance"


def _secrets(value: Any) -> Iterator[SecretStr]:
    if isinstance(value, SecretStr):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _secrets(item)


def test_every_field_tells_the_operator_what_it_is(case: ProviderCase) -> None:
    for root in _models(case):
        for model in _nested(root):
            for name, field in model.model_fields.items():
                if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
                    continue  # tells the variants of a choice apart; nobody types it in
                assert field.title, f"{model.__name__}.{name} has no title"
                assert field.description, f"{model.__name__}.{name} has no description"


def test_fields_that_sound_secret_are_secret(case: ProviderCase) -> None:
    for root in _models(case):
        for model in _nested(root):
            for name, field in model.model_fields.items():
                sounds_secret = re.search(r"(^|_)(token|secret|password|api_key|private_key)$", name)
                if sounds_secret and field.annotation is not bool:
                    assert "SecretStr" in str(field.annotation), f"{model.__name__}.{name} is no SecretStr"


def test_the_schema_builds_and_the_example_survives_a_round_trip(case: ProviderCase) -> None:
    for config in (case.config, case.app_config):
        if config is not None:
            schema = type(config).model_json_schema()
            json.dumps(schema)
            shown = config.model_dump_json()
            assert not any(secret in shown for secret in case.secrets)
            assert type(config).model_validate(_plain(config)) == config


def _plain(value: Any) -> Any:
    """``value`` as the JSON that an operator would post, secrets spelled out."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def test_a_wrong_configuration_is_refused_in_plain_words(case: ProviderCase) -> None:
    pairs = [(case.provider.config_model, bad) for bad in case.bad_configs]
    pairs += [(case.provider.app_config_model, bad) for bad in case.bad_app_configs if case.provider.app_config_model]
    assert case.bad_configs, "give at least one wrong configuration"
    for model, (name, data) in pairs:
        with pytest.raises(ValidationError) as caught:
            model.model_validate(data)
        faults = [fault for fault in caught.value.errors() if name in map(str, fault["loc"]) or name in fault["msg"]]
        assert faults, f"{name} was not blamed: {caught.value}"
        assert all("pattern" not in fault["msg"] for fault in faults), "say what is wrong, not which pattern it misses"


def test_a_wrong_secret_is_not_repeated_in_the_refusal(case: ProviderCase) -> None:
    for config in (case.config, case.app_config):
        if config is None:
            continue
        for name, field in type(config).model_fields.items():
            if field.annotation is SecretStr:
                plain = _plain(config)
                for spoiled in ({**plain, name: "canary\x07spoiled" * 9}, {**plain, "no_such_field": plain[name]}):
                    try:
                        type(config).model_validate(spoiled)
                    except ValidationError as error:
                        text = str(error)
                        assert "spoiled" not in text, f"{name} is repeated in the error: hide_input_in_errors"
                        assert not any(secret in text for secret in case.secrets), f"{name} is repeated in the error"


def test_the_channel_has_an_address_where_an_app_serves_many(case: ProviderCase) -> None:
    if case.provider.app_config_model is not None:
        assert case.provider.address(case.config)
        parsed = case.provider.parse(case.text_request("hello"), case.owner)
        assert [event.address for event in parsed.events] == [case.provider.address(case.config)]


# The set-up challenge


def test_an_ordinary_callback_is_no_challenge(case: ProviderCase) -> None:
    assert case.provider.handshake(case.text_request("hello"), case.owner) is None


def test_the_challenge_is_answered_exactly(case: ProviderCase) -> None:
    if case.handshake is None:
        empty = CallbackRequest(method="GET", headers={})
        assert case.provider.handshake(empty, case.owner) is None
        return
    answer = case.provider.handshake(case.handshake.request, case.owner)
    assert answer is not None
    assert (answer.status, answer.body) == (200, case.handshake.answer_body)
