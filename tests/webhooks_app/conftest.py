"""A brand with its channels, a scripted far side and an engine; PostgreSQL and Redis are real.

Everything of the platform is imported late: pytest reads this file before Django is set up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def hot(transactional_db: None) -> Iterator[None]:
    """The hot paths' own autocommit pool on this test's database; nothing of it outlives the test."""
    from channels_app.selectors import configs
    from connector_platform.database import close_hot_pool

    configs.forget()
    yield
    configs.forget()
    close_hot_pool()


@pytest.fixture
def world(hot: None, settings: Any) -> Any:
    """See ``world.World``."""
    from tests.webhooks_app.world import World

    settings.RETRY_SCALE = 1
    return World()


@pytest.fixture(params=["direct", "django"])
def entry(request: pytest.FixtureRequest) -> Any:
    """The WSGI callable of the platform, and Django's own behind it: both must answer alike."""
    from connector_platform import wsgi

    return wsgi.application if request.param == "direct" else wsgi._django
