"""Two brands with their keys, and a client for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def tenants(db: None) -> Iterator[Any]:
    """See ``tenants.Tenants``. Imported late: pytest reads this file before Django is set up."""
    from tests.channels_app.tenants import two_tenants

    yield from two_tenants()
