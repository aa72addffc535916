"""A whole sandbox with a browser in front of it. Needs playwright and an installed Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from playwright import async_api as playwright

from sandbox import control, liveperson, pages, phones
from sandbox.kernel import Kernel
from tests.sandbox.liveperson_world import Connector, Endpoint
from tests.sandbox.liveperson_world import World as LivePersonWorld
from tests.sandbox.phones_world import Platform
from tests.sandbox.phones_world import World as PhonesWorld
from tests.support.browser import QUIET, chromium_path

expect = playwright.expect
ARGS = ["--headless", "--no-sandbox", *QUIET]
PATIENCE_MS = 30_000


@dataclass
class Stage:
    """A whole sandbox with a browser in front of it."""

    phones: PhonesWorld
    liveperson: LivePersonWorld
    browser: Any
    complaints: list[str]

    async def open(self, path: str, width: int = 1280) -> Any:
        page = await self.browser.new_page(viewport={"width": width, "height": 800})
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        await page.goto(self.phones.base + path)
        await expect(page.locator("#live")).to_have_attribute("data-state", "open")
        return page

    async def conversation(self, text: str, **profile: Any) -> tuple[Connector, str]:
        """A conversation that the platform opened for a consumer."""
        connector = await Connector.of(self.liveperson, consumer=str(profile.get("firstName", "ext-1")))
        _, answer = await connector.create(profile, skillId="1001", campaignInfo={"campaignId": "12345", "engagementId": "67890"})
        conversation_id = str(answer[1]["body"]["conversationId"])
        await connector.say(conversation_id, text)
        return connector, conversation_id

    def chat_states(self, conversation_id: str) -> list[str]:
        """What the platform was told of the agent's typing."""
        changes = [call.raw.decode() for call in self.phones.platform.received if b"ChatStateEvent" in call.raw]
        return ["COMPOSING" if "COMPOSING" in change else "ACTIVE" for change in changes if conversation_id in change]


def run(test: Callable[[Stage], Awaitable[None]]) -> None:
    async def inside() -> None:
        kernel = Kernel(base_url="", time_scale=0.001)
        app, receiver, platform = web.Application(client_max_size=8 * 1024 * 1024), web.Application(), Platform()
        for part in (liveperson, phones, control, pages):
            part.install(app, kernel)
        receiver.router.add_route("*", "/{path:.*}", platform.handle)
        async with (
            TestServer(receiver) as receiving,
            TestServer(app) as serving,
            ClientSession() as http,
            playwright.async_playwright() as play,
        ):
            platform.url = str(receiving.make_url("")).rstrip("/")
            kernel.base_url = str(serving.make_url("")).rstrip("/")
            their_side = LivePersonWorld(kernel, liveperson.state(app), Endpoint(url=platform.url), http, kernel.base_url)
            await their_side.install()
            browser = await play.chromium.launch(executable_path=chromium_path(), args=ARGS)
            stage = Stage(PhonesWorld(kernel, platform, http, kernel.base_url), their_side, browser, [])
            try:
                await test(stage)
            finally:
                await browser.close()
            assert stage.complaints == []

    expect.set_options(timeout=PATIENCE_MS)
    asyncio.run(inside())
