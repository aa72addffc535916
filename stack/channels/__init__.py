"""The demo brand's channels, one module for each platform: what `make run` sets up at the platform, and what it tells the sandbox.

A module gives ``channels(keys, sandbox_url)``; it is found by being here. ``API_PATH``, where a module has it, is where the sandbox plays
the vendor's API.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from stack.keys import Keys

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoApp:
    """A provider app that channels share."""

    name: str
    config: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoChannel:
    """One channel of the demo brand.

    ``key`` is what tests call it, ``name`` goes behind the brand's (``on Messenger``). ``line`` makes the body of the sandbox's line, which has
    ``address``, from the rows of the channel and of its app as the platform's API answers them.
    """

    key: str
    provider: str
    name: str
    config: Json
    address: str
    line: Callable[[Json, Json], Json]
    app: DemoApp | None = None


def _modules() -> Iterator[tuple[str, ModuleType]]:
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        yield found.name, importlib.import_module(f"{__name__}.{found.name}")


def demo_channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    """Every channel of the demo brand, by the names of the platforms."""
    return [channel for _, module in _modules() for channel in module.channels(keys, sandbox_url)]


def api_bases(sandbox_url: str) -> str:
    """``PROVIDER_API_BASES`` for the platforms whose API the sandbox plays."""
    return ",".join(f"{name}={sandbox_url}/{module.API_PATH}" for name, module in _modules() if hasattr(module, "API_PATH"))
