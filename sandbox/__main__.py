"""``python -m sandbox``: run the sandbox until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import web

from sandbox import liveperson
from sandbox.app import make_app
from sandbox.kernel import Kernel
from sandbox.liveperson.tls import self_signed

# Pages hold server-sent events open for as long as they are shown; a stop does not wait for them.
SHUTDOWN_TIMEOUT_S = 0.5

log = logging.getLogger("sandbox")


def parse(args: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="LivePerson and the messaging platforms, emulated.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=os.environ.get("SANDBOX_PORT", "8800"), help="0 takes a free one (default %(default)s)")
    parser.add_argument("--base-url", help="how others reach it, where that is not http://HOST:PORT")
    parser.add_argument("--tls", action="store_true", help="also serve TLS, and let the Domain API name that port")
    parser.add_argument("--tls-port", type=int, default=None, help="0 takes a free one (default: the port after --port)")
    parser.add_argument("--tls-host", help="how others reach the TLS port, where that is not HOST:TLS_PORT")
    parser.add_argument("--time-scale", type=float, default=1.0, help="retry waits are multiplied by it (default %(default)s)")
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"))
    options = parser.parse_args(args)
    if options.tls_port is None:
        options.tls_port = options.port + 1 if options.tls and options.port else 0
    for name in ("port", "tls_port"):
        if not 0 <= getattr(options, name) <= 65535:
            parser.error(f"--{name.replace('_', '-')} must be from 0 to 65535")
    if not 0 < options.time_scale <= 1000:
        parser.error("--time-scale must be a number over 0, at most 1000")
    return options


async def serve(listener: socket.socket, kernel: Kernel, tls: socket.socket | None = None, tls_host: str = "") -> None:
    """Serve on ``listener``, and with TLS on ``tls`` (which others reach as ``tls_host``), until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app = make_app(kernel)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        log.info("sandbox listens on %s", kernel.base_url)
        if tls is not None:
            name = urlsplit(f"//{tls_host}").hostname or "localhost"
            context, certificate = self_signed([name, "localhost", "127.0.0.1", "::1"])
            state = liveperson.state(app)
            state.tls_host, state.certificate = tls_host, certificate
            await web.SockSite(runner, tls, ssl_context=context).start()
            log.info("sandbox listens on https://%s; its certificate is at %s/control/certificate", tls_host, kernel.base_url)
        await stop.wait()
    finally:
        await runner.cleanup()


def main(args: Sequence[str] | None = None) -> int:
    """The process's exit code: 0 stopped, 2 the address cannot be listened on."""
    options = parse(sys.argv[1:] if args is None else args)
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    listeners = []
    for port in [options.port, options.tls_port][: 2 if options.tls else 1]:
        try:
            listeners.append(socket.create_server((options.host, port), backlog=1024))
        except OSError as err:
            why = err.strerror if isinstance(err, socket.gaierror) else os.strerror(err.errno or 0)
            print(f"The sandbox cannot listen on {options.host}:{port}: {why}.", file=sys.stderr)
            return 2
    ports = [listener.getsockname()[1] for listener in listeners]
    base_url = options.base_url or f"http://{options.host}:{ports[0]}"
    kernel = Kernel(base_url=base_url.rstrip("/"), time_scale=options.time_scale)
    tls = listeners[1] if options.tls else None
    asyncio.run(serve(listeners[0], kernel, tls, options.tls_host or f"{options.host}:{ports[-1]}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
