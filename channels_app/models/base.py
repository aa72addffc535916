"""What every row has, and the field that seals secrets."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import models

from connector_platform.core.crypto import SecretBox
from connector_platform.core.ids import uuid7


@lru_cache(maxsize=1)
def secret_box() -> SecretBox:
    """The installation's secret box, with the keys of ``ENCRYPTION_KEYS``."""
    return SecretBox(settings.ENCRYPTION_KEYS)


class SealedJSONField(models.BinaryField):
    """A JSON value that is encrypted in the database: Python sees the value, a dump of the table sees ciphertext."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", True)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else secret_box().open(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return None if value is None else super().get_db_prep_value(secret_box().seal(value), connection, prepared)

    def get_default(self) -> Any:
        return self.default() if self.has_default() else None

    def value_to_string(self, obj: Any) -> str:
        return "***"

    def to_python(self, value: Any) -> Any:
        return value


class Row(models.Model):
    """Base of the configured rows: a UUID that may be shown, and the two instants."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
