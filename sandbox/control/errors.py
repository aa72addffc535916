"""Control requests: their JSON bodies, and what they answer when something is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web

from sandbox.liveperson.agents import BadAction, ConversationClosed, UnknownConversation

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.Response]]


class NotFound(LookupError):
    """What the path names does not exist."""


def answering_errors(handler: Handler) -> Handler:
    """``handler``, its refusals answered as ``{"error": sentence}``: 400 bad request, 404 unknown, 409 conversation closed."""

    async def run(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except (NotFound, UnknownConversation) as err:
            return web.json_response({"error": str(err)}, status=404)
        except ConversationClosed as err:
            return web.json_response({"error": str(err)}, status=409)
        except (BadAction, ValueError) as err:
            return web.json_response({"error": str(err)}, status=400)

    return run


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object in the body; without a body, an empty one.

    Raises:
        ValueError: the body is something else.
    """
    raw = await request.read()
    if not raw:
        return {}
    try:
        data = json.loads(raw)
    except ValueError as err:
        raise ValueError(f"the body is not JSON: {err}") from err
    if not isinstance(data, dict):
        raise ValueError("the body must be a JSON object")
    return data


NAMES = {str: "a string", bool: "true or false", list: "an array", dict: "an object", int: "a whole number"}


def field(data: dict[str, Any], name: str, kind: type[T]) -> T:
    """``data[name]``.

    Raises:
        ValueError: it is absent or not of ``kind``.
    """
    value = data.get(name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{name} must be {NAMES[kind]}")
    return value


def optional(data: dict[str, Any], name: str, kind: type[T]) -> T | None:
    """``data[name]``, or None where it is absent or null.

    Raises:
        ValueError: it is there and not of ``kind``.
    """
    return None if data.get(name) is None else field(data, name, kind)
