"""The sandbox's live pages: the consumer's phone, the agent's workspace, and the demo with both side by side."""

from __future__ import annotations

import html
import os
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.kernel import Kernel
from sandbox.pages.events import LiveFeed

HERE = Path(__file__).parent
DEFAULT_PLATFORM_URL = "http://localhost:8000"

# Pictures that the brand sends are shown from wherever they are; everything else comes from the sandbox.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src * data:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Pages:
    """One shell of HTML for all pages; the script in it draws what ``data-view`` says."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._shell = (HERE / "shell.html").read_text(encoding="utf-8")

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", self._index),
            web.get("/demo", self._demo),
            web.get("/agent", self._agent),
            web.get("/phone/{provider}", self._phone),
            web.static("/static", HERE / "static"),
        ]

    async def _index(self, request: web.Request) -> web.Response:
        return self._page(request, "index", "Sandbox")

    async def _demo(self, request: web.Request) -> web.Response:
        return self._page(request, "demo", "Demo")

    async def _agent(self, request: web.Request) -> web.Response:
        return self._page(request, "agent", "Agent workspace")

    async def _phone(self, request: web.Request) -> web.Response:
        return self._page(request, "phone", "Phone", provider=request.match_info["provider"])

    def _page(self, request: web.Request, view: str, title: str, provider: str = "") -> web.Response:
        values = {
            "title": title,
            "view": view,
            "provider": provider,
            "base_url": self._kernel.base_url,
            "platform_url": platform_url(request.query.get("platform_url", "")),
        }
        text = self._shell
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", html.escape(value))
        return web.Response(text=text, content_type="text/html", headers=SECURITY_HEADERS)


def platform_url(asked: str) -> str:
    """Where the platform's admin and API docs are: as asked by the query, else ``PLATFORM_URL``; only web addresses are taken."""
    for candidate in (asked, os.environ.get("PLATFORM_URL", "")):
        try:
            parts = urlsplit(candidate)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.netloc:
            return candidate.rstrip("/")
    return DEFAULT_PLATFORM_URL


def install(app: web.Application, kernel: Kernel) -> None:
    """Add the pages and the feed that keeps them live."""
    feed = LiveFeed(kernel)
    app.add_routes(Pages(kernel).routes())
    app.router.add_get("/events", feed.stream)
    app.on_shutdown.append(feed.close)
