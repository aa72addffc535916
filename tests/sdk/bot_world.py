"""The sandbox with TLS and a bot at LivePerson's SDK in a process of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.sandbox.liveperson_world import ACCOUNT, GIVE_UP_S, World

BOT_JS = Path(__file__).parent / "bot.js"

Body = dict[str, Any]


@dataclass
class Bot:
    """A running bot: what the SDK emitted so far, and a way to call the SDK's methods."""

    process: asyncio.subprocess.Process
    seen: list[tuple[str, Any]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _answers: dict[int, asyncio.Future[Body]] = field(default_factory=dict)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def follow(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            data = json.loads(line)
            if "id" in data:
                self._answers.pop(data["id"]).set_result(data)
                continue
            async with self._news:
                self.seen.append((data["event"], data.get("body")))
                self._news.notify_all()

    async def try_call(self, method: str, *args: Any) -> Body:
        """``{"error", "body"}`` of one call of the SDK."""
        assert self.process.stdin is not None
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self.process.stdin.write(json.dumps({"id": number, "method": method, "args": list(args)}).encode() + b"\n")
        return await asyncio.wait_for(answer, GIVE_UP_S)

    async def call(self, method: str, *args: Any) -> Any:
        answer = await self.try_call(method, *args)
        assert answer["error"] is None, answer
        return answer["body"]

    async def until(self, event: str, fits: Callable[[Any], bool] = lambda body: True) -> Any:
        """The body of the first such event that fits, seen already or still to come."""

        def found() -> list[Any]:
            return [body for name, body in self.seen if name == event and fits(body)]

        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait_for(lambda: bool(found())), GIVE_UP_S)
            except TimeoutError:
                raise AssertionError(f"no {event} that fits among {json.dumps(self.seen, indent=1)}") from None
        return found()[0]

    def changes(self, event: str) -> list[Any]:
        """Every change in the notifications of one kind, in order."""
        return [change for name, body in self.seen if name == event for change in body["changes"]]

    async def message(self, text: str) -> Body:
        """The event with this text, once the SDK has told it."""
        fits: Callable[[Any], bool] = lambda body: any(change["event"].get("message") == text for change in body["changes"])  # noqa: E731
        body = await self.until("ms.MessagingEventNotification", fits)
        return next(change for change in body["changes"] if change["event"].get("message") == text)


@asynccontextmanager
async def bot(world: World, node_modules: Path, sdk: str, certificate: Path, **settings: Any) -> AsyncIterator[Bot]:
    """A bot that logs in as ``settings`` say, at the world's Domain API."""
    conf = {"accountId": ACCOUNT, "csdsDomain": world.state.tls_host, "errorCheckInterval": 100, **settings}
    env = {
        "PATH": os.environ["PATH"],
        "SDK": str(node_modules / sdk),
        "AGENT": json.dumps(conf),
        "NODE_EXTRA_CA_CERTS": str(certificate),
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        "node", "--no-deprecation", str(BOT_JS), env=env, stdin=pipe, stdout=pipe, limit=4 * 1024 * 1024
    )
    running = Bot(process)
    following = asyncio.create_task(running.follow())
    try:
        yield running
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), GIVE_UP_S)
        except TimeoutError:
            process.kill()
        await asyncio.gather(following, return_exceptions=True)
