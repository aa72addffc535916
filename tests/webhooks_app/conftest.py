"""A brand with its channels, a scripted far side and an engine; PostgreSQL and Redis are real.

Everything of the platform is imported late: pytest reads this file before Django is set up.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
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


@pytest.fixture
def number(world: Any) -> Any:
    """See ``whatsapp_number``."""
    from tests.webhooks_app.whatsapp_number import whatsapp_number

    return whatsapp_number(world)


@pytest.fixture(params=["direct", "django"])
def entry(request: pytest.FixtureRequest) -> Any:
    """The WSGI callable of the platform, and Django's own behind it: both must answer alike."""
    from connector_platform import wsgi

    return wsgi.application if request.param == "direct" else wsgi._django


@pytest.fixture
def outage(world: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """See ``outage.Outage``: callbacks are spooled into a directory of the test's own."""
    from tests.webhooks_app.outage import Outage

    settings.SPOOL_DIR = str(tmp_path / "spool")
    outage = Outage(world, monkeypatch)
    yield outage
    outage.end()
    outage.keeper.close()
