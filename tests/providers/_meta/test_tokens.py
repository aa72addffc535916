"""Tokens of pages that end: told two weeks ahead, on both channels."""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

import pytest

from channels_app.providers.base import ProviderConfig
from connector_platform.core.calls import HttpCall
from connector_platform.core.errors import CredentialsRejected
from tests.providers._meta.case import json_response
from tests.providers.contract.cases import NOW, ProviderCase, drive, load_case


@pytest.fixture(params=["instagram", "messenger"])
def case(request: pytest.FixtureRequest) -> ProviderCase:
    return load_case(request.param)


def renewed(case: ProviderCase, data: Any) -> tuple[dict[str, str], list[HttpCall]]:
    """What a renewal of the page's token comes to where Meta says ``data`` of it."""
    module = importlib.import_module(f"tests.providers.{case.provider.slug}.case")
    config: ProviderConfig = getattr(module, "PAGE_CONFIG", case.config)
    steps = case.provider.renew_credentials(config, case.context(app=case.app_config))
    return drive(case.provider, steps, lambda *_: json_response({"data": data}))


def epoch(**ahead: float) -> int:
    return int((NOW + timedelta(**ahead)).timestamp())


@pytest.mark.parametrize(
    "data",
    [
        {"is_valid": True, "expires_at": 0, "data_access_expires_at": 0},
        {"is_valid": True, "expires_at": epoch(days=14, minutes=1), "data_access_expires_at": epoch(days=90)},
        {"is_valid": True},
        {},
    ],
)
def test_a_token_that_lives_for_weeks_is_left_alone(case: ProviderCase, data: Any) -> None:
    fields, (call,) = renewed(case, data)
    assert fields == {}
    assert (call.method, call.purpose, call.effect) == ("GET", "renew_credentials", False)
    assert "/debug_token?input_token=" in call.url


@pytest.mark.parametrize(
    "data",
    [
        {"is_valid": True, "expires_at": epoch(days=13, hours=23)},
        {"is_valid": True, "expires_at": 0, "data_access_expires_at": epoch(days=3)},
        {"is_valid": True, "expires_at": epoch(days=-1)},
    ],
)
def test_a_token_that_ends_soon_is_told(case: ProviderCase, data: Any) -> None:
    with pytest.raises(CredentialsRejected, match="cannot be exchanged"):
        renewed(case, data)


def test_an_invalid_token_is_told(case: ProviderCase) -> None:
    with pytest.raises(CredentialsRejected, match="invalid"):
        renewed(case, {"is_valid": False, "error": {"code": 190}})
