"""A Chromium for browser tests: the machine's own, driven by Playwright."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

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

PATIENCE_MS = 30_000


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


@contextmanager
def watched_page(browser: Browser, *, width: int, height: int, scale: float = 1) -> Iterator[Page]:
    """A page of its own. Leaving it fails where a script on it failed or the browser's console showed an error."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=scale, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert complaints == []


def picture(shown: Page | Locator, name: str) -> None:
    """Write what is shown to ``<name>.png`` in the folder that ``SCREENSHOTS`` names, in 256 colours; nothing where it names none."""
    if folder := os.environ.get("SCREENSHOTS"):
        taken = Image.open(io.BytesIO(shown.screenshot(animations="disabled"))).convert("RGB")
        taken.quantize(256, kmeans=2, dither=Image.Dither.NONE).save(Path(folder) / f"{name}.png", optimize=True)
