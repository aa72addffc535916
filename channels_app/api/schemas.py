"""The OpenAPI schema: the providers' configuration models as components, and the problems that every operation may answer."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any, cast

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from pydantic import BaseModel
from rest_framework import serializers

from channels_app.api.strict import StrictMixin

Json = dict[str, Any]

MASK_DESCRIPTION = "A secret: answered as “set, ends in …4f2a”, or as an empty text where it is not set."

ONLY_ANSWERED = "Only answered. It may come back in a request and changes nothing there."


class ProblemErrorSerializer(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="JSON pointer to the value, such as /config/outbound/url; / is the body as a whole.")
    code = serializers.CharField(help_text="A stable word for what is wrong.")
    detail = serializers.CharField(help_text="A sentence for a person.")


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="A stable word for what is wrong.")
    detail = serializers.CharField(help_text="A sentence for a person.")
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]  # a field of the body, see Serializer


_MEANINGS = {
    400: "The request is not valid.",
    401: "No API key, or one that is not known or was revoked.",
    403: "A brand's key is not enough for this.",
    404: "There is no such row for this key.",
    409: "The rows as they are do not allow this.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    503: "The database cannot be reached.",
}


class PlatformSchema(AutoSchema):
    """Adds the problems that an operation may answer, and that unknown fields are refused."""

    def _postprocess_serializer_schema(self, schema: Json, serializer: Any, direction: Any) -> Json:
        done: Json = super()._postprocess_serializer_schema(schema, serializer, direction)
        if direction != "request" or not isinstance(serializer, StrictMixin):
            return done
        # A client that sends back what it was answered must find these fields announced, too.
        answered = {name: {"readOnly": True, "description": ONLY_ANSWERED} for name, field in serializer.fields.items() if field.read_only}
        return {**done, "properties": {**done.get("properties", {}), **answered}, "additionalProperties": False}

    def _get_response_bodies(self, direction: Any = "response") -> Json:
        bodies: Json = super()._get_response_bodies(direction)
        for status in self._problems():
            body = self._get_response_for_code(
                ProblemSerializer, str(status), media_types=["application/problem+json"], direction=direction
            )
            bodies.setdefault(str(status), {**body, "description": _MEANINGS[status]})
        return bodies

    def _problems(self) -> list[int]:
        writes = self.method in ("POST", "PUT", "PATCH")
        statuses = [401, 403, 404, 503]
        if writes:
            statuses += [400, 409, 413, 415]
        elif self.method == "DELETE":
            statuses.append(409)
        elif self._is_list_view():
            statuses.append(400)
        return sorted(statuses)


@cache
def json_schema(model: type[BaseModel]) -> Json:
    """The JSON schema of what may be given, self-contained: for forms that are made from it. The same object every time; nobody changes it."""
    return model.model_json_schema(by_alias=True, mode="validation")


class ModelledFieldExtension(OpenApiSerializerFieldExtension):
    """A configuration, or a channel's options: whole in requests, any part of it in a PATCH, masked in responses."""

    target_class = "channels_app.api.fields.ModelledField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Json:
        models = self.target.models()
        if direction == "response":
            return {"oneOf": [_component(auto_schema, model, "", _as_answered) for model in models], "readOnly": False}
        if auto_schema.method == "PATCH":
            return {
                "anyOf": [_component(auto_schema, model, "Patch", _as_patch) for model in models],
                "description": "What is left away stays; null sets a value back to its default (JSON merge patch).",
            }
        return {"oneOf": [_component(auto_schema, model, "Request", lambda schema: schema) for model in models]}


def _component(auto_schema: AutoSchema, model: type[BaseModel], suffix: str, change: Any) -> Json:
    mode = "serialization" if suffix == "" else "validation"
    # Two providers may have a part of the same name, so parts carry their provider's.
    prefix = model.__name__.removesuffix("Config")
    template = "#/components/schemas/" + prefix + "{model}" + suffix
    schema = model.model_json_schema(by_alias=True, mode=cast(Any, mode), ref_template=template)
    for name, part in schema.pop("$defs", {}).items():
        _register(auto_schema, prefix + name + suffix, change(copy.deepcopy(part)))
    _register(auto_schema, model.__name__ + suffix, change(schema))
    return {"$ref": f"#/components/schemas/{model.__name__}{suffix}"}


def _register(auto_schema: AutoSchema, name: str, schema: Json) -> None:
    component = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name)
    auto_schema.registry.register_on_missing(component)


def _as_answered(schema: Json) -> Json:
    for part in _properties(schema):
        if part.get("format") == "password":
            description = part.get("description", "")
            for name in ("writeOnly", "format", "minLength", "maxLength", "pattern"):
                part.pop(name, None)
            part["description"] = f"{description} {MASK_DESCRIPTION}".strip()
    if schema.get("type") == "object" and "properties" in schema:
        schema["required"] = list(schema["properties"])
    return schema


def _as_patch(schema: Json) -> Json:
    tags = [name for name, part in schema.get("properties", {}).items() if "const" in part]
    schema.pop("required", None)
    if tags:
        schema["required"] = tags
    return schema


def _properties(schema: Json) -> list[Json]:
    return [part for part in schema.get("properties", {}).values() if isinstance(part, dict)]
