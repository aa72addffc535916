"""A Chromium for browser tests: the machine's own, driven by Playwright."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from stack.bootstrap import find_browser

QUIET = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""No call to anybody but the pages under test."""


def chromium_path() -> str:
    """Where the machine's Chromium is.

    Raises:
        RuntimeError: there is none.
    """
    path = find_browser()
    if path is None:
        raise RuntimeError("No Chromium was found: run `make test`, which installs one, or set CHROMIUM to the path of one.")
    return path


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser. `make test` has installed one; without one, the error says what to do."""
    # Chromium's sandbox needs user namespaces, which root and most containers do not have.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*options, *QUIET])
        try:
            yield browser
        finally:
            browser.close()
