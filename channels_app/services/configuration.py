"""A provider's configuration on its way in and out: validated, its secrets kept or masked, its errors in sentences.

Stored is what the operator gave, normalised; what was left away follows the model's defaults (and a gateway's preset) at each reading.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import to_jsonable_python

from channels_app.providers.base import ProviderConfig
from channels_app.services.errors import Invalid, Problem
from channels_app.services.secrets import is_certainly_mask, is_mask, mask

Json = dict[str, Any]
Path = tuple[str | int, ...]

_MASKED = "This is how a stored secret is shown, not the secret itself; enter the secret, or leave the field away to keep what is stored."


@dataclass(frozen=True, slots=True)
class Validated:
    """A configuration that the provider accepts: the typed value, and the JSON to store (with its secrets)."""

    model: ProviderConfig
    stored: Json


def validate(model: type[ProviderConfig], given: Any, *, stored: Json | None = None, merge: bool = False) -> Validated:
    """``given`` as a configuration of ``model``.

    Secrets that are left away, or come back as they were shown, keep their ``stored`` value. With ``merge``, everything that is left away
    does (JSON merge patch, RFC 7396: null removes); without, it falls to the default.

    Raises:
        Invalid: what is wrong, where, in sentences.
    """
    if not isinstance(given, Mapping):
        raise Invalid([Problem((), "invalid", "A JSON object is needed here.")])
    data: Json = dict(given)
    if merge:
        data = _merge(_with_preset_mappings(model, stored or {}, data), data)
    if stored:
        data = _keep_secrets(model, stored, data)
    problems = [Problem(path, "masked_secret", _MASKED) for path, value in _leaves(data) if is_certainly_mask(value)]
    if problems:
        raise Invalid(problems)
    try:
        value = model.model_validate(data)
    except ValidationError as error:
        raise Invalid(explain(error, data)) from error
    problems = [Problem(path, "masked_secret", _MASKED) for path, secret in _secrets(value) if is_mask(secret)]
    if problems:
        raise Invalid(problems)
    return Validated(value, _like(dump(value), data, value))


def dump(value: BaseModel, *, masked: bool = False) -> Json:
    """``value`` as JSON by its public names; its secrets in clear, or as they are shown."""
    data: Json = value.model_dump(mode="json", by_alias=True)
    for path, secret in _secrets(value):
        _put(data, path, mask(secret) if masked else secret)
    return data


def shown(model: type[ProviderConfig] | None, stored: Json) -> Json:
    """A stored configuration as operators and API clients may see it: complete, with its secrets masked.

    One that its provider no longer understands shows its structure only.
    """
    if model is not None:
        try:
            return dump(model.model_validate(stored), masked=True)
        except ValidationError:
            pass  # below: nothing is known of which value is a secret, so none is shown
    return {name: _hidden(value) for name, value in stored.items()}


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hidden(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(inner) for inner in value]
    return "set" if isinstance(value, str) and value else value


def _merge(stored: Json, given: Json) -> Json:
    merged = dict(stored)
    for name, value in given.items():
        before = merged.get(name)
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            merged[name] = _merge(before if isinstance(before, dict) and not _other_kind(before, value) else {}, value)
        else:
            merged[name] = value
    return merged


def _with_preset_mappings(model: type[ProviderConfig], stored: Json, patch: Json) -> Json:
    """``stored`` with the defaults of those mappings that ``patch`` changes for the first time: it changes what was shown, and that is these."""
    presets = {
        name: to_jsonable_python(field.get_default(call_default_factory=True))
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) is dict and not field.is_required() and name in patch and name not in stored
    }
    return {**stored, **presets}


def _other_kind(before: Json, given: Json) -> bool:
    """Whether ``given`` is another variant of a tagged union than ``before``: then nothing of the old one belongs into it."""
    return "kind" in given and given["kind"] != before.get("kind")


def _keep_secrets(model: type[ProviderConfig], stored: Json, given: Json) -> Json:
    try:
        value = model.model_validate(stored)
    except ValidationError:
        return given  # the model has changed since: every secret has to be given anew
    return _keep(value, given)


def _keep(stored: Any, given: Any) -> Any:
    if isinstance(stored, BaseModel) and isinstance(given, dict):
        kept = dict(given)
        if any(name in kept and kept[name] != tag for name, tag in _tags(stored)):
            return kept
        for name, field in type(stored).model_fields.items():
            key = _key(name, field.alias, kept)
            value = getattr(stored, name)
            if isinstance(value, SecretStr):
                secret = value.get_secret_value()
                if secret and (key not in kept or kept[key] == mask(secret)):
                    kept[key] = secret
            elif key in kept:
                kept[key] = _keep(value, kept[key])
        return kept
    if isinstance(stored, list | tuple) and isinstance(given, list):
        return [_keep(stored[index], item) if index < len(stored) else item for index, item in enumerate(given)]
    if isinstance(stored, dict) and isinstance(given, dict):
        return {name: _keep(stored[name], item) if name in stored else item for name, item in given.items()}
    if isinstance(stored, SecretStr) and given == mask(stored.get_secret_value()):
        return stored.get_secret_value()
    return given


def _tags(value: BaseModel) -> list[tuple[str, Any]]:
    """The fields that can hold one value only: what tells the variants of a union apart."""
    return [
        (name, getattr(value, name))
        for name, field in type(value).model_fields.items()
        if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1
    ]


def _key(name: str, alias: str | None, data: Mapping[str, Any]) -> str:
    return name if name in data or not alias else alias


def _like(full: Json, given: Mapping[str, Any], value: Any) -> Json:
    """The part of ``full`` that ``given`` speaks of, and the tags."""
    fields = type(value).model_fields if isinstance(value, BaseModel) else {}
    names = {name: field.alias or name for name, field in fields.items()}
    part: Json = {}
    for key, given_value in given.items():
        public = names.get(key, key)
        if public not in full:
            continue
        inner = getattr(value, key, None) if key in fields else None
        if isinstance(inner, BaseModel) and isinstance(given_value, dict):
            part[public] = _like(full[public], given_value, inner)
        else:
            part[public] = full[public]
    return part


def _secrets(value: Any, path: Path = ()) -> list[tuple[Path, str]]:
    if isinstance(value, SecretStr):
        return [(path, value.get_secret_value())]
    items: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, BaseModel):
        items = [(field.alias or name, getattr(value, name)) for name, field in type(value).model_fields.items()]
    elif isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list | tuple):
        items = list(enumerate(value))
    return [found for name, inner in items for found in _secrets(inner, (*path, name))]


def _leaves(value: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    items: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return [(path, value)]
    return [found for name, inner in items for found in _leaves(inner, (*path, name))]


def _put(data: Any, path: Path, value: str) -> None:
    for step in path[:-1]:
        data = data[step]
    data[path[-1]] = value


_SENTENCES = {
    "missing": "This field is needed.",
    "extra_forbidden": "There is no field with this name.",
    "union_tag_not_found": "“kind” is needed: it says which of the variants this is.",
    "model_type": "A JSON object is needed here.",
    "model_attributes_type": "A JSON object is needed here.",
    "dict_type": "A JSON object is needed here.",
    "list_type": "A list is needed here.",
    "string_type": "A text is needed here.",
    "string_unicode": "This text holds characters that are not valid Unicode.",
    "bool_parsing": "True or false is needed here.",
    "bool_type": "True or false is needed here.",
    "int_parsing": "A whole number is needed here.",
    "int_type": "A whole number is needed here.",
    "int_from_float": "A whole number is needed here.",
    "float_parsing": "A number is needed here.",
    "float_type": "A number is needed here.",
}


def explain(error: ValidationError, data: Any) -> list[Problem]:
    """Pydantic's errors as problems: the place without pydantic's own steps, the words in a sentence."""
    return [
        Problem(_place(item["loc"], data), item["type"], _sentence(item["type"], item["msg"], item.get("ctx") or {}))
        for item in error.errors(include_url=False, include_input=False)
    ]


def _place(steps: Sequence[str | int], data: Any) -> Path:
    """``steps`` without the tags that pydantic puts in where a union's variant was chosen."""
    place: list[str | int] = []
    for step in steps:
        if isinstance(data, dict):
            if step not in data and any(isinstance(value, str) and value == step for value in data.values()):
                continue
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            data = None
        place.append(step)
    return tuple(place)


def _sentence(kind: str, message: str, context: Mapping[str, Any]) -> str:
    if kind == "value_error":
        return as_sentence(message.removeprefix("Value error, "))
    if kind == "literal_error":
        return f"Choose {context['expected']}."
    if kind == "union_tag_invalid":
        return f"“kind” must be one of {context['expected_tags']}."
    if kind == "string_too_short" and context.get("min_length") == 1:
        return "This must not be empty."
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    return as_sentence(re.sub(r"^(Input|String|List|Dictionary|Value) should", "This should", message))


def as_sentence(text: str) -> str:
    """``text`` with a capital and a full stop."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."


def nested_model(annotation: Any) -> type[BaseModel] | None:
    """The model that a field of this annotation holds, or None."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def variants(annotation: Any) -> dict[str, type[BaseModel]]:
    """The models of a tagged union by their ``kind``; empty for everything else."""
    if get_origin(annotation) not in (types.UnionType,) and str(get_origin(annotation)) != "typing.Union":
        return {}
    models = [model for model in map(nested_model, get_args(annotation)) if model is not None and "kind" in model.model_fields]
    return {get_args(model.model_fields["kind"].annotation)[0]: model for model in models}
