"""The agent's side: what conversations there are, and playing the agent in them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.control.errors import NotFound, body_of, field, optional
from sandbox.liveperson import LivePersonState, agents

# A browser shows the file, but runs nothing in it and does not guess another type.
STRANGERS_FILE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'"}

Action = Callable[[LivePersonState, str, dict[str, Any]], dict[str, Any]]


def _join(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    agents.join(state, conversation_id, optional(body, "agentId", str))
    return {}


def _leave(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    agents.leave(state, conversation_id)
    return {}


def _text(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    replies, metadata = optional(body, "quickReplies", dict), _metadata(state, conversation_id, body)
    return {"sequence": agents.text(state, conversation_id, field(body, "text", str), quick_replies=replies, metadata=metadata)}


def _private(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"sequence": agents.private(state, conversation_id, field(body, "text", str))}


def _rich(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    replies, metadata = optional(body, "quickReplies", dict), _metadata(state, conversation_id, body)
    return {"sequence": agents.rich(state, conversation_id, field(body, "content", dict), quick_replies=replies, metadata=metadata)}


def _file(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        data = base64.b64decode(field(body, "data_base64", str), validate=True)
    except binascii.Error as err:
        raise ValueError(f"data_base64 is not base64: {err}") from err
    caption, preview = optional(body, "caption", str) or "", optional(body, "preview", str)
    return {"sequence": agents.file(state, conversation_id, data, field(body, "fileType", str), caption=caption, preview=preview)}


def _form(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"sequence": agents.form(state, conversation_id, field(body, "title", str), optional(body, "formId", str))}


def _typing(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    agents.typing(state, conversation_id, field(body, "on", bool))
    return {}


def _read(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"sequenceList": agents.read(state, conversation_id, _sequences(body))}


def _accept(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"sequenceList": agents.accept(state, conversation_id, _sequences(body))}


def _transfer(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    agents.transfer(state, conversation_id, field(body, "skillId", str))
    return {}


def _suggest(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    agents.suggest(state, conversation_id, field(body, "agentId", str))
    return {}


def _ttr(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    agents.ttr(state, conversation_id, field(body, "ttrType", str), optional(body, "value", int))
    return {}


def _due(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    agents.due(state, conversation_id, field(body, "manualETTR", int))
    return {}


def _delay(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    agents.delay(state, conversation_id, optional(body, "type", str), optional(body, "tillWhen", int))
    return {}


def _close(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    agents.close(state, conversation_id)
    return {}


def _close_all(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    agents.close_all(state, conversation_id)
    return {}


def _auto_close(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    agents.auto_close(state, conversation_id)
    return {}


def _resume(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"conversationId": agents.resume(state, conversation_id).conversation_id}


def _metadata(state: LivePersonState, conversation_id: str, body: dict[str, Any]) -> list[Any] | None:
    """What stands beside the message; a bot's own, and the bot joins, where ``bot`` is true."""
    metadata = optional(body, "metadata", list)
    if not optional(body, "bot", bool):
        return metadata
    return [agents.join_bot(state, conversation_id), *(metadata or [])]


def _sequences(body: dict[str, Any]) -> list[int] | None:
    sequences = optional(body, "sequenceList", list)
    if sequences is not None and not all(type(number) is int for number in sequences):
        raise ValueError("sequenceList must be an array of whole numbers")
    return sequences


ACTIONS: dict[str, Action] = {
    "join": _join,
    "queue": _leave,
    "text": _text,
    "private": _private,
    "rich": _rich,
    "file": _file,
    "form": _form,
    "typing": _typing,
    "read": _read,
    "accept": _accept,
    "transfer": _transfer,
    "suggest": _suggest,
    "ttr": _ttr,
    "due": _due,
    "delay": _delay,
    "close": _close,
    "close-all": _close_all,
    "auto-close": _auto_close,
    "resume": _resume,
}


class AgentRoutes:
    def __init__(self, state: LivePersonState) -> None:
        self.state = state

    async def list(self, request: web.Request) -> web.Response:
        """``{"conversations": [...]}``, oldest first; ``account``, ``state``, ``stage`` and ``consumer`` (either id) select."""
        wanted = request.query
        unknown = set(wanted) - {"account", "state", "stage", "consumer"}
        if unknown:
            raise ValueError(f"unknown filters {sorted(unknown)}; known are account, state, stage, consumer")
        found = [
            conversation.view()
            for conversation in self.state.conversations.values()
            if wanted.get("account", conversation.account_id) == conversation.account_id
            and wanted.get("state", conversation.state) == conversation.state
            and wanted.get("stage", conversation.stage) == conversation.stage
            and wanted.get("consumer", conversation.consumer.consumer_id)
            in (conversation.consumer.consumer_id, conversation.consumer.ext_consumer_id)
        ]
        return web.json_response({"conversations": found})

    async def one(self, request: web.Request) -> web.Response:
        return web.json_response(agents.conversation_of(self.state, request.match_info["conversation_id"]).view())

    async def act(self, request: web.Request) -> web.Response:
        """Do what the path names; answers the conversation after it, and the ``sequence`` or ``sequenceList`` that came of it.

        After ``resume`` the conversation is the new one.
        """
        name, conversation_id = request.match_info["action"], request.match_info["conversation_id"]
        action = ACTIONS.get(name)
        if action is None:
            raise NotFound(f"there is no agent action {name!r}; known are {', '.join(ACTIONS)}")
        agents.conversation_of(self.state, conversation_id)  # an unknown conversation is said before a bad body
        outcome = action(self.state, conversation_id, await body_of(request))
        after = self.state.conversations[outcome.pop("conversationId", conversation_id)]
        return web.json_response({**outcome, "conversation": after.view()})

    async def file(self, request: web.Request) -> web.Response:
        """The bytes of a stored file, without a signed URL."""
        stored = self.state.files.get("/" + request.match_info["path"])
        if stored is None:
            raise NotFound("there is no such file")
        return web.Response(body=stored.data, content_type=stored.content_type, headers=STRANGERS_FILE)
