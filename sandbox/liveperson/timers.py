"""What LivePerson does later by itself: rings that expire, surveys that time out, conversations that close."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """Actions due later, each under a key; a new one replaces the one of the same key."""

    def __init__(self) -> None:
        self._handles: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._generation = 0

    def start(self, kind: str, name: str, after_s: float, action: Callable[[], None]) -> None:
        """Do ``action`` in ``after_s`` seconds, unless it is cancelled or everything is reset."""
        key = kind, name
        self.cancel(kind, name)

        def due() -> None:
            self._handles.pop(key, None)
            action()

        self._handles[key] = asyncio.get_running_loop().call_later(after_s, due)

    def cancel(self, kind: str, name: str) -> None:
        handle = self._handles.pop((kind, name), None)
        if handle is not None:
            handle.cancel()

    def soon(self, action: Callable[[], None]) -> None:
        """Do ``action`` once what is going on now has been told to everyone, unless everything is reset before."""
        generation = self._generation

        def due() -> None:
            if generation == self._generation:
                action()

        asyncio.get_running_loop().call_soon(due)

    def clear(self) -> None:
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()
        self._generation += 1
