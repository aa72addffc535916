"""One running platform for the tests of a module, with the demo brand; tests that kill parts start their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import chromium
from tests.support.stack import LiveStack

SHORT = {"RETRY_SCALE": "0.2", "RECONCILE_WAIT_S": "3", "LEASE_S": "8", "HTTP_TIMEOUT_S": "5", "HTTP_CONNECT_TIMEOUT_S": "2"}
"""Waits made short: the same code, less time."""


@pytest.fixture(scope="module")
def live() -> Iterator[LiveStack]:
    with LiveStack(settings=SHORT, sandbox_options=("--time-scale", "0.05")) as stack:
        yield stack


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running
