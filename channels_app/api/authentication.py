"""API keys: ``Authorization: Bearer cpk_…``. A key is one brand's, or the whole platform's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from channels_app.models import ApiKey, Brand
from channels_app.models.api_key import hash_key
from connector_platform.core.clock import now

USED_RESOLUTION = timedelta(minutes=1)
"""``last_used_at`` is written at most this often: a read must not cost a write."""


@dataclass(frozen=True)
class KeyHolder:
    """Who calls: ``brand`` None is the platform's own key."""

    key: ApiKey
    brand: Brand | None
    is_authenticated: bool = True

    @property
    def is_platform(self) -> bool:
        return self.brand is None


class ApiKeyAuthentication(BaseAuthentication):
    """The holder of the bearer key, or 401."""

    def authenticate(self, request: Request) -> tuple[KeyHolder, ApiKey] | None:
        scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            return None
        found = ApiKey.objects.select_related("brand").filter(key_hash=hash_key(key.strip()), revoked_at=None).first()
        if found is None:
            raise AuthenticationFailed("This API key is not known or was revoked.")
        instant = now()
        ApiKey.objects.filter(pk=found.pk).filter(Q(last_used_at=None) | Q(last_used_at__lt=instant - USED_RESOLUTION)).update(
            last_used_at=instant, updated_at=F("updated_at")
        )
        return KeyHolder(found, found.brand), found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key: of one brand, or of the platform."}
