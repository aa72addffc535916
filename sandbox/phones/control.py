"""The control routes of lines and phones: a test, a script or the phone page plays the consumer here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from sandbox.phones.base import Acted, LineRefused, Refused, Simulator, UnknownLine
from sandbox.phones.callbacks import Courier
from sandbox.phones.fields import Fields
from sandbox.phones.state import PIN, Line

MEDIA_TYPES = ("image", "audio", "video", "file")
HOUR_MS = 3600 * 1000

Handler = Callable[[web.Request], Awaitable[web.Response]]
Json = dict[str, Any]


class PhoneControl:
    """What can be done to lines and phones, for all simulators alike."""

    def __init__(self, simulators: Sequence[Simulator[Any]], courier: Courier) -> None:
        self._simulators = {simulator.slug: simulator for simulator in simulators}
        self._courier = courier
        self._actions: dict[str, Callable[[Simulator[Any], Line, str, Json], Acted]] = {
            "text": _text,
            "file": _file,
            "location": _location,
            "select": _select,
            "typing": _typing,
            "read": _read,
            "delivered": _delivered,
            "close": _close,
            "age": _age,
        }

    def routes(self) -> list[web.RouteDef]:
        line, phone = "/control/lines/{provider}/{address}", "/control/phones/{provider}/{consumer_id}"
        return [
            web.get("/control/providers", _answered(self._providers)),
            web.get("/control/lines", _answered(self._lines)),
            web.put(line, _answered(self._put_line)),
            web.delete(line, _answered(self._delete_line)),
            web.get("/control/phones", _answered(self._phones)),
            web.delete("/control/phones", _answered(self._forget)),
            web.post("/control/phones/{provider}/batch", _answered(self._batch)),
            web.get(phone, _answered(self._phone)),
            web.put(f"{phone}/profile", _answered(self._profile)),
            web.post(f"{phone}/{{action}}", _answered(self._act)),
        ]

    def forget(self) -> None:
        """Clear every transcript, and drop the callbacks that are not accepted yet; the lines stay."""
        self._courier.drop_all()
        for simulator in self._simulators.values():
            simulator.forget_phones()

    def _simulator(self, request: web.Request) -> Simulator[Any]:
        slug = request.match_info["provider"]
        if slug not in self._simulators:
            raise UnknownLine(f"no simulator of {slug}; there are {', '.join(self._simulators)}")
        return self._simulators[slug]

    # ---- lines ---------------------------------------------------------------------------------------------------------------

    async def _providers(self, request: web.Request) -> web.Response:
        return web.json_response({"providers": [simulator.describe() for simulator in self._simulators.values()]})

    async def _lines(self, request: web.Request) -> web.Response:
        lines = [line.public() for simulator in self._simulators.values() for line in simulator.lines.values()]
        return web.json_response({"lines": lines})

    async def _put_line(self, request: web.Request) -> web.Response:
        simulator, body = self._simulator(request), await _read_body(request)
        line = simulator.read_line(request.match_info["address"], body)
        handshake = await simulator.connect(line, body)
        simulator.add_line(line)
        return web.json_response({"line": line.public(), "handshake": handshake})

    async def _delete_line(self, request: web.Request) -> web.Response:
        self._simulator(request).remove_line(request.match_info["address"])
        return web.Response(status=204)

    # ---- phones --------------------------------------------------------------------------------------------------------------

    async def _phones(self, request: web.Request) -> web.Response:
        phones = []
        for simulator in self._simulators.values():
            for phone in simulator.phones.values():
                shown = phone.to_json()
                messages = shown.pop("messages")
                phones.append({**shown, "messages": len(messages), "last": messages[-1] if messages else None})
        return web.json_response({"phones": phones, "callbacks_pending": self._courier.pending})

    async def _forget(self, request: web.Request) -> web.Response:
        self.forget()
        return web.Response(status=204)

    async def _phone(self, request: web.Request) -> web.Response:
        simulator = self._simulator(request)
        phone = simulator.peek(simulator.line(request.query.get("to")), request.match_info["consumer_id"])
        return web.json_response(phone.to_json())

    async def _profile(self, request: web.Request) -> web.Response:
        simulator, body = self._simulator(request), await _read_body(request)
        line = simulator.line(body.pop("to", None))
        profile = simulator.set_profile(simulator.phone(line, request.match_info["consumer_id"]), body)
        return web.json_response({"first_name": profile.first_name, "last_name": profile.last_name, "blocked": profile.blocked})

    async def _batch(self, request: web.Request) -> web.Response:
        simulator, fields = self._simulator(request), Fields(await _read_body(request), "a batch")
        wanted, wait = fields.need("messages", list), fields.get("wait", False)
        fields.done()
        messages = []
        for item in wanted:
            message = Fields(item if isinstance(item, dict) else {}, "a message of a batch")
            line = simulator.line(message.get("to", "") or None)
            messages.append((line, message.need("consumer_id", str), message.need("text", str)))
            message.done()
        acted = simulator.batch(messages)
        if wait:
            await _accepted(acted)
        return web.json_response({"ids": [one.id for one in acted]}, status=202)

    async def _act(self, request: web.Request) -> web.Response:
        simulator, body = self._simulator(request), await _read_body(request)
        action = request.match_info["action"]
        if action not in self._actions:
            raise UnknownLine(f"a phone cannot do {action}; it can do {', '.join(self._actions)}")
        line, wait = simulator.line(body.pop("to", None)), body.pop("wait", False)
        acted = self._actions[action](simulator, line, request.match_info["consumer_id"], body)
        if wait:
            await _accepted([acted])
        return web.json_response({"id": acted.id}, status=202)


def _text(simulator: Simulator[Any], line: Line, consumer_id: str, body: Json) -> Acted:
    fields = Fields(body, "a text")
    text, message_id = fields.need("text", str), fields.get("id", "")
    fields.done()
    return simulator.writes(line, consumer_id, "text", text, message_id)


def _file(simulator: Simulator[Any], line: Line, consumer_id: str, body: Json) -> Acted:
    if not simulator.capabilities.images:
        raise Refused(f"{simulator.title} carries no pictures or files")
    fields = Fields(body, "a file")
    url, media_type, message_id = fields.need("url", str), fields.one_of("media_type", MEDIA_TYPES), fields.get("id", "")
    text = fields.get("text", "")
    fields.done()
    kind = "image" if media_type == "image" else "file"
    return simulator.writes(line, consumer_id, kind, text, message_id, url=url, media_type=media_type)


def _location(simulator: Simulator[Any], line: Line, consumer_id: str, body: Json) -> Acted:
    if not simulator.capabilities.location:
        raise Refused(f"{simulator.title} carries no locations")
    latitude, longitude = body.pop("latitude", None), body.pop("longitude", None)
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in (latitude, longitude)):
        raise ValueError("a location needs latitude and longitude, as numbers")
    fields = Fields(body, "a location")
    message_id = fields.get("id", "")
    place = {"latitude": latitude, "longitude": longitude, "title": fields.get("title", PIN), "address": fields.get("address", "")}
    fields.done()
    return simulator.writes(line, consumer_id, "location", "", message_id, **place)


def _select(simulator: Simulator[Any], line: Line, consumer_id: str, body: Json) -> Acted:
    fields = Fields(body, "a selection")
    title, payload, message_id = fields.get("title", ""), fields.get("payload", ""), fields.get("id", "")
    fields.done()
    if not (title or payload):
        raise ValueError("a selection needs title or payload")
    return simulator.selects(line, consumer_id, title, payload, message_id)


def _typing(simulator: Simulator[Any], line: Line, consumer_id: str, body: Json) -> Acted:
    fields = Fields(body, "typing")
    on = fields.get("on", True)
    fields.done()
    return Acted("", simulator.report_typing(line, simulator.phone(line, consumer_id), on))


def _read(simulator: Simulator[Any], line: Line, consumer_id: str, body: Json) -> Acted:
    if not simulator.capabilities.read_receipts:
        raise Refused(f"{simulator.title} has no read receipts")
    return simulator.reads(line, consumer_id, body)


def _delivered(simulator: Simulator[Any], line: Line, consumer_id: str, body: Json) -> Acted:
    if not simulator.capabilities.delivered_receipts:
        raise Refused(f"{simulator.title} has no delivered receipts")
    return simulator.delivers(line, consumer_id, body)


def _close(simulator: Simulator[Any], line: Line, consumer_id: str, body: Json) -> Acted:
    return Acted("", simulator.report_close(line, simulator.phone(line, consumer_id)))


def _age(simulator: Simulator[Any], line: Line, consumer_id: str, body: Json) -> Acted:
    """The consumer's last message becomes ``hours`` older, so that the vendor's messaging window closes without waiting for it."""
    phone = simulator.phone(line, consumer_id)
    hours = body.get("hours")
    if not isinstance(hours, int | float) or isinstance(hours, bool):
        raise ValueError("ageing needs hours, a number")
    if phone.last_wrote_at_ms is not None:
        phone.last_wrote_at_ms -= int(hours * HOUR_MS)
    return Acted("", [])


async def _accepted(acted: list[Acted]) -> None:
    """Return once every callback was accepted."""
    await asyncio.gather(*(asyncio.shield(done) for one in acted for done in one.reported))


async def _read_body(request: web.Request) -> Json:
    """The JSON object in the body; empty when there is no body.

    Raises:
        ValueError: it is something else.
    """
    raw = await request.read()
    body = json.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _answered(handler: Handler) -> Handler:
    """``handler`` with its refusals answered as ``{"error": <a sentence>}``."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        except UnknownLine as error:
            return web.json_response({"error": str(error)}, status=404)
        except Refused as error:
            return web.json_response({"error": str(error)}, status=409)
        except LineRefused as error:
            return web.json_response({"error": str(error)}, status=422)

    return answer
