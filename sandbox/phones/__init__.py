"""Simulators of messaging platforms: the phones, the vendor's API that a platform calls, and the callbacks that the vendor makes.

Another platform is a file with a ``Simulator`` in it (see ``base``; ``sms_gateway`` is the short example) and a line in ``registry``: the
control routes, the transcripts and the phone page follow from its capabilities.
"""

from __future__ import annotations

from aiohttp import web

from sandbox.kernel import Kernel
from sandbox.phones.callbacks import Courier
from sandbox.phones.control import PhoneControl
from sandbox.phones.registry import SIMULATORS


def install(app: web.Application, kernel: Kernel) -> None:
    """Add every simulator's API and the control routes of lines and phones."""
    courier = Courier(kernel)
    app.cleanup_ctx.append(courier.lifespan)
    simulators = [make(kernel, courier) for make in SIMULATORS]
    for simulator in simulators:
        app.add_routes(simulator.routes())
    control = PhoneControl(simulators, courier)
    app.add_routes(control.routes())
    kernel.on_reset.append(control.forget)
