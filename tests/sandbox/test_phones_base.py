"""A new platform is one class: everything around it works from its capabilities."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from sandbox import phones
from sandbox.phones.base import Capabilities, Reported, Simulator
from sandbox.phones.callbacks import Callback, Wire
from sandbox.phones.fields import Fields
from sandbox.phones.state import Line, Message, Phone
from tests.sandbox.phones_world import World, run


class Pigeon(Simulator[Line]):
    """The smallest vendor that knows typing, read receipts and the end of a conversation."""

    slug = "pigeon"
    title = "Pigeon"
    look = "messenger"
    consumer_example = "pigeon-001"
    capabilities = Capabilities(typing=True, read_receipts=True, close=True)
    loft = ""

    def read_line(self, address: str, body: dict[str, Any]) -> Line:
        fields = Fields(body, "a pigeon line")
        Pigeon.loft = fields.need("loft", str)
        fields.done()
        return Line(provider=self.slug, address=address, name=address, auto_read=True)

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/pigeon/{address}/{consumer_id}", self._fly)]

    def report_message(self, line: Line, phone: Phone, message: Message) -> Reported:
        return self._tell(phone, {"text": message["text"]}, message)

    def report_read(self, line: Line, phone: Phone, messages: list[Message]) -> Reported:
        return self._tell(phone, {"read": [message["id"] for message in messages]})

    def report_typing(self, line: Line, phone: Phone, on: bool) -> Reported:
        return self._tell(phone, {"typing": on})

    def report_close(self, line: Line, phone: Phone) -> Reported:
        return self._tell(phone, {"closed": True})

    def _tell(self, phone: Phone, what: dict[str, Any], message: Message | None = None) -> Reported:
        wire = Wire("POST", self.loft, {"Content-Type": "application/json"}, json.dumps(what).encode())
        return self.queue(Callback((self.part(phone, message),), lambda: wire, lambda status: status == 200))

    async def _fly(self, request: web.Request) -> web.Response:
        line = self.line(request.match_info["address"])
        message = self.lands(line, self.phone(line, request.match_info["consumer_id"]), "text", await request.text())
        return web.Response(text=message["id"])


def test_one_class_makes_a_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones, "SIMULATORS", (Pigeon,))

    async def body(it: World) -> None:
        def does(action: str, body: Any = None) -> Any:
            return it.does(action, {"wait": True, **(body or {})}, who="p1", provider="pigeon")

        status, answer = await it.call("PUT", "/control/lines/pigeon/roof", {"loft": it.platform.url + "/loft"})
        assert (status, answer["handshake"]) == (200, "none")
        _, kinds = await it.call("GET", "/control/providers")
        assert [(kind["provider"], kind["capabilities"]["typing"]) for kind in kinds["providers"]] == [("pigeon", True)]
        await does("typing", {"on": True})
        await does("text", {"text": "coo"})
        async with it.http.post(it.base + "/pigeon/roof/p1", data="crumbs") as response:
            message_id = await response.text()
        await it.platform.until(3)
        await does("close")
        sent = [json.loads(call.raw) for call in it.platform.received]
        assert sent == [{"typing": True}, {"text": "coo"}, {"read": [message_id]}, {"closed": True}]
        shown = (await it.transcript("p1", "pigeon"))["messages"]
        assert [(message["direction"], message["status"]) for message in shown] == [("out", "delivered"), ("in", "read")]
        for action, given in (("delivered", {}), ("file", {"url": "http://a/b"}), ("location", {"latitude": 1, "longitude": 2})):
            assert (await it.call("POST", f"/control/phones/pigeon/p1/{action}", given))[0] == 409, action
        assert (await it.call("POST", "/control/phones/pigeon/batch", {"messages": [{"consumer_id": "p1", "text": "x"}]}))[0] == 409
        assert await it.call("DELETE", "/control/lines/pigeon/roof") == (204, None)
        assert (await it.call("GET", "/control/phones"))[1]["phones"] == []

    run(body)


def test_what_nobody_ever_did_leaves_no_phone_behind() -> None:
    async def body(it: World) -> None:
        await it.page()
        for action in ("read", "delivered"):
            await it.does(action)
        assert (await it.call("POST", "/control/phones/messenger/1/select", {"title": "x"}))[0] == 409
        assert (await it.call("GET", "/control/phones"))[1]["phones"] == []

    run(body)
