"""Bodies with fields that are not known are refused."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail


class StrictMixin:
    """Refuses fields that are not known: a mistyped name would else be a value that silently stays as it was."""

    fields: Any

    def to_internal_value(self, data: Any) -> Any:
        """As the base class. Fields that are only answered may come back; they change nothing."""
        unknown = {name: [unknown_field()] for name in data if name not in self.fields} if isinstance(data, dict) else {}
        try:
            values = super().to_internal_value(data)  # type: ignore[misc]  # the serializer's, beside which this is mixed in
        except serializers.ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                raise serializers.ValidationError({**error.detail, **unknown}) from error
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return values


def unknown_field() -> ErrorDetail:
    return ErrorDetail("There is no field with this name.", code="extra_forbidden")
