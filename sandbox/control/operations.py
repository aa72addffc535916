"""Running the sandbox: faults, ledger, reset, time, webhook queues."""

from __future__ import annotations

import dataclasses

from aiohttp import web

from sandbox.control.errors import NotFound, body_of, field
from sandbox.kernel import FaultRule, Kernel
from sandbox.liveperson import LivePersonState


class OperationRoutes:
    def __init__(self, kernel: Kernel, state: LivePersonState) -> None:
        self.kernel = kernel
        self.state = state

    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def certificate(self, request: web.Request) -> web.Response:
        """The certificate of the TLS port as PEM, for clients to trust."""
        if not self.state.certificate:
            raise NotFound("the sandbox was started without --tls")
        return web.Response(text=self.state.certificate, content_type="application/x-pem-file")

    async def faults(self, request: web.Request) -> web.Response:
        """``{"rules": [...]}`` as they stand, with the strikes they have left."""
        return web.json_response({"rules": [dataclasses.asdict(rule) for rule in self.kernel.faults.rules]})

    async def put_faults(self, request: web.Request) -> web.Response:
        """Replace all rules by those of the body."""
        rules = field(await body_of(request), "rules", list)
        if not all(isinstance(rule, dict) for rule in rules):
            raise ValueError("rules must be an array of objects")
        self.kernel.faults.rules = [FaultRule.from_json(rule) for rule in rules]
        return await self.faults(request)

    async def delete_faults(self, request: web.Request) -> web.Response:
        self.kernel.faults.rules = []
        return await self.faults(request)

    async def ledger(self, request: web.Request) -> web.Response:
        """``{"effects": [...]}``; ``kind`` selects by exact kind or by prefix (``liveperson``), ``since`` those with a greater ``n``."""
        kind, since = request.query.get("kind"), request.query.get("since", "0")
        if not (since.isascii() and since.isdigit()):
            raise ValueError("since must be the n of an effect")
        effects = [
            entry
            for entry in self.kernel.ledger.entries[int(since) :]
            if kind is None or entry["kind"] == kind or entry["kind"].startswith(kind + ".")
        ]
        return web.json_response({"effects": effects})

    async def clear_ledger(self, request: web.Request) -> web.Response:
        self.kernel.ledger.clear()
        return web.json_response({"effects": []})

    async def reset(self, request: web.Request) -> web.Response:
        """Forget conversations, ledger and faults; accounts stay."""
        self.kernel.reset()
        return web.json_response({"status": "reset"})

    async def time_scale(self, request: web.Request) -> web.Response:
        """Set what waits are multiplied by; waits under way are cut short."""
        scale = (await body_of(request)).get("scale")
        if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not 0 < scale <= 1000:
            raise ValueError("scale must be a number over 0, at most 1000")
        self.kernel.time_scale = float(scale)
        self.state.webhooks.wake()
        return web.json_response({"scale": self.kernel.time_scale})

    async def webhooks(self, request: web.Request) -> web.Response:
        return web.json_response(self.state.webhooks.status())

    async def retry_webhooks(self, request: web.Request) -> web.Response:
        """Make the next attempt of every failed app now instead of after its wait."""
        self.state.webhooks.wake()
        return web.json_response(self.state.webhooks.status())

    async def options(self, request: web.Request) -> web.Response:
        """Every switch as it stands; ``sandbox.liveperson.options`` says what each does."""
        return web.json_response(dataclasses.asdict(self.state.options))

    async def put_options(self, request: web.Request) -> web.Response:
        """Change the switches that the body names."""
        self.state.options = self.state.options.changed(await body_of(request))
        return await self.options(request)
