from __future__ import annotations

import hashlib
import secrets
from typing import ClassVar

from django.db import models

from channels_app.models.base import Row

PREFIX = "cpk_"


def hash_key(key: str) -> str:
    """What is stored of a key: keys are 256 random bits, so a plain SHA-256 cannot be searched."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key() -> str:
    return PREFIX + secrets.token_urlsafe(32)


class ApiKey(Row):
    """A key of the REST API: for one brand, or for the whole platform where ``brand`` is empty. Only its hash is kept."""

    brand = models.ForeignKey("channels_app.Brand", on_delete=models.CASCADE, null=True, blank=True, related_name="api_keys")
    name = models.CharField(max_length=120)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)
        verbose_name = "API key"
        constraints: ClassVar = [models.CheckConstraint(condition=~models.Q(key_hash=""), name="api_key_has_hash")]

    def __str__(self) -> str:
        return f"{self.name} (…{self.last_four})"

    def set_key(self, key: str) -> None:
        """Take ``key`` as this row's key: its hash and last four characters are stored, the key is not."""
        self.key_hash, self.last_four = hash_key(key), key[-4:]
