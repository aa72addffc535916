"""What the pages are served with, and the live feed."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from sandbox import pages
from sandbox.kernel import Kernel
from sandbox.pages.events import latest

STATIC = Path(pages.__file__).parent / "static"
GIVE_UP_S = 20  # a test that waits this long has failed


@asynccontextmanager
async def serving(kernel: Kernel) -> AsyncIterator[ClientSession]:
    app = web.Application()
    pages.install(app, kernel)
    async with TestServer(app) as server, ClientSession(server.make_url("/")) as http:
        yield http


async def page(path: str) -> tuple[int, str, dict[str, str]]:
    async with serving(Kernel(base_url="http://sandbox.example")) as http, http.get(path) as response:
        return response.status, await response.text(), dict(response.headers)


@pytest.mark.parametrize(
    ("path", "view"),
    [("/", "index"), ("/demo", "demo"), ("/agent", "agent"), ("/phone/messenger", "phone"), ("/phone/sms_gateway", "phone")],
)
def test_every_page_is_there_and_loads_only_from_the_sandbox(path: str, view: str) -> None:
    status, text, headers = asyncio.run(page(path))
    assert status == 200 and f'data-view="{view}"' in text and "Connector Platform" in text
    assert 'data-base-url="http://sandbox.example"' in text
    assert headers["Content-Security-Policy"].startswith("default-src 'self'; img-src * data:;")
    assert {address.split("/")[1] for address in re.findall(r'(?:src|href)="([^"]*)"', text)} <= {"static", "demo", "agent", ""}


@pytest.mark.parametrize(
    ("environment", "query", "expected"),
    [
        (None, "", "http://localhost:8000"),
        ("https://platform.example/", "", "https://platform.example"),
        ("https://platform.example", "?platform_url=http://other:8000", "http://other:8000"),
        (None, "?platform_url=javascript:alert(1)", "http://localhost:8000"),
        (None, "?platform_url=http://[", "http://localhost:8000"),
        (None, '?platform_url=http://x/"><script>', "http://x/&quot;&gt;&lt;script&gt;"),
    ],
)
def test_links_to_the_platform_come_from_query_or_environment(
    monkeypatch: pytest.MonkeyPatch, environment: str | None, query: str, expected: str
) -> None:
    monkeypatch.delenv("PLATFORM_URL", raising=False)
    if environment is not None:
        monkeypatch.setenv("PLATFORM_URL", environment)
    _, text, _ = asyncio.run(page(f"/demo{query}"))
    assert f'data-platform-url="{expected}"' in text


def test_what_a_path_says_is_never_markup() -> None:
    _, text, _ = asyncio.run(page('/phone/"><script>alert(1)<'))
    assert "<script>alert" not in text


def test_scripts_make_no_markup_from_text() -> None:
    for script in STATIC.glob("*.js"):
        found = re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script.read_text(encoding="utf-8")
        )
        assert found is None, (script.name, found)


def test_styles_and_scripts_fetch_nothing_from_elsewhere() -> None:
    for file in [*STATIC.glob("*.css"), *STATIC.glob("*.js")]:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//|from \"(?!\./)|import\(", text), file.name


@pytest.mark.parametrize("name", ["main.js", "base.css", "sample.jpg", "consumer.jpg", "icon.svg"])
def test_static_files_have_their_type(name: str) -> None:
    async def run() -> str:
        async with serving(Kernel(base_url="")) as http, http.get(f"/static/{name}") as response:
            assert response.status == 200
            return response.content_type

    kind = {"js": "javascript", "css": "css", "jpg": "jpeg", "svg": "svg+xml"}[name.rsplit(".", 1)[1]]
    assert asyncio.run(run()).endswith(kind)


def test_the_feed_sends_each_change_under_its_topic() -> None:
    async def run() -> None:
        kernel = Kernel(base_url="")
        async with asyncio.timeout(GIVE_UP_S), serving(kernel) as http, http.get("/events?topics=phone,line") as response:
            assert response.content_type == "text/event-stream"
            kernel.bus.publish("conversation", {"conversationId": "c"})
            kernel.bus.publish("phone", {"provider": "messenger", "address": "1", "consumer_id": "a", "typing": True})
            kernel.bus.publish("line", {"provider": "messenger", "address": "1"})
            lines = [(await response.content.readline()).decode().strip() for _ in range(8)]
        assert lines[0] == "retry: 1000" and lines[2] == "event: phone" and lines[5] == "event: line"
        assert json.loads(lines[3].removeprefix("data: "))["typing"] is True

    asyncio.run(run())


def test_of_several_states_of_one_thing_only_the_newest_is_sent() -> None:
    def phone(consumer: str, count: int) -> tuple[str, dict[str, object]]:
        return "phone", {"provider": "messenger", "address": "1", "consumer_id": consumer, "count": count}

    conversation = ("conversation", {"conversationId": "c", "state": "OPEN"})
    assert latest([phone("a", 1), phone("b", 1), conversation, phone("a", 2)]) == [phone("b", 1), conversation, phone("a", 2)]


def test_an_open_feed_does_not_hold_up_the_servers_stop() -> None:
    async def run() -> None:
        kernel = Kernel(base_url="")
        app = web.Application()
        pages.install(app, kernel)
        runner = web.AppRunner(app, shutdown_timeout=3600)  # far longer than the test's patience
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        async with asyncio.timeout(GIVE_UP_S), ClientSession() as http, http.get(f"http://{host}:{port}/events") as response:
            await response.content.readline()
            await runner.cleanup()
            assert (await response.content.read()).strip() == b""

    asyncio.run(run())
