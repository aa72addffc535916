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

from aiohttp import web

from sandbox.app import make_app
from sandbox.kernel import Kernel

# Pages hold server-sent events open for as long as they are shown; a stop does not wait for them.
SHUTDOWN_TIMEOUT_S = 0.5

log = logging.getLogger("sandbox")


def parse(args: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="LivePerson and the messaging platforms, emulated.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=os.environ.get("SANDBOX_PORT", "8800"), help="0 takes a free one (default %(default)s)")
    parser.add_argument("--base-url", help="how others reach it, where that is not http://HOST:PORT")
    parser.add_argument("--time-scale", type=float, default=1.0, help="retry waits are multiplied by it (default %(default)s)")
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"))
    options = parser.parse_args(args)
    if not 0 <= options.port <= 65535:
        parser.error("--port must be from 0 to 65535")
    if not 0 < options.time_scale <= 1000:
        parser.error("--time-scale must be a number over 0, at most 1000")
    return options


async def serve(listener: socket.socket, kernel: Kernel) -> None:
    """Serve on ``listener`` until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(make_app(kernel), access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        log.info("sandbox listens on %s", kernel.base_url)
        await stop.wait()
    finally:
        await runner.cleanup()


def main(args: Sequence[str] | None = None) -> int:
    """The process's exit code: 0 stopped, 2 the address cannot be listened on."""
    options = parse(sys.argv[1:] if args is None else args)
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        listener = socket.create_server((options.host, options.port), backlog=1024)
    except OSError as err:
        why = err.strerror if isinstance(err, socket.gaierror) else os.strerror(err.errno or 0)
        print(f"The sandbox cannot listen on {options.host}:{options.port}: {why}.", file=sys.stderr)
        return 2
    port = listener.getsockname()[1]
    base_url = options.base_url or f"http://{options.host}:{port}"
    asyncio.run(serve(listener, Kernel(base_url=base_url.rstrip("/"), time_scale=options.time_scale)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
