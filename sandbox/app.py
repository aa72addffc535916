"""The sandbox's aiohttp application: each part brings its routes, this file puts them together."""

from __future__ import annotations

from aiohttp import web

from sandbox.kernel import Kernel

KERNEL = web.AppKey("kernel", Kernel)


def make_app(kernel: Kernel) -> web.Application:
    """The whole sandbox as one application.

    Each part is a module with ``install(app, kernel)``, which adds its routes and, where it needs them, start-up and clean-up hooks.
    """
    from sandbox import control, liveperson, pages, phones

    app = web.Application(client_max_size=8 * 1024 * 1024)
    app[KERNEL] = kernel
    for part in (liveperson, phones, control, pages):
        part.install(app, kernel)
    return app
