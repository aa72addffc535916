"""Two brands with their keys, and a client for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rest_framework.response import Response
from rest_framework.test import APIClient

from channels_app.models import Brand
from channels_app.selectors import configs
from connector_platform.database import close_hot_pool
from tests.channels_app import rows


class Caller:
    """Calls the API with one key; paths are below ``/api/v1/``."""

    def __init__(self, key: str) -> None:
        self._client = APIClient()
        self._client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Response:
        call = getattr(self._client, method.lower())
        if method == "GET":
            return call(f"/api/v1/{path}", query)
        return call(f"/api/v1/{path}", body, format="json")


@dataclass
class Tenants:
    """Acme and Globex, and who may call for them."""

    acme: Brand
    globex: Brand
    platform: Caller
    as_acme: Caller
    as_globex: Caller


def two_tenants() -> Iterator[Tenants]:
    acme, globex = rows.brand("acme"), rows.brand("globex")
    configs.forget()
    yield Tenants(acme, globex, *(Caller(rows.api_key(owner)[1]) for owner in (None, acme, globex)))
    configs.forget()
    close_hot_pool()
