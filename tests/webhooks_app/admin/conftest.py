"""The same tenants as the provisioning tests have; the hot path's own connections end with each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.channels_app.conftest import tenants

__all__ = ["tenants"]


@pytest.fixture(autouse=True)
def closed_pool() -> Iterator[None]:
    """The pool would keep the test database from being dropped."""
    yield
    from connector_platform.database import close_hot_pool

    close_hot_pool()
