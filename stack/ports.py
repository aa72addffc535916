"""TCP ports: finding free ones, and saying clearly that one is taken."""

from __future__ import annotations

import errno
import os
import random
import socket

from stack.errors import StackError

# The kernel hands out ports from 32768 up to outgoing connections (Linux: net.ipv4.ip_local_port_range). A server that listens there
# can find its port taken by some client's socket, most likely under load.
FREE_PORT_RANGE = range(20_000, 32_000)


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen on ``host:port`` now.

    Raises:
        OSError: the address is not this machine's, or the port needs privileges.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Connections of an earlier run in TIME_WAIT do not count. SO_REUSEPORT stays off: with it, a second server would share the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def free_port(host: str = "127.0.0.1") -> int:
    """A port below the range of outgoing connections that nobody listens on.

    Raises:
        StackError: a thousand tries found none.
    """
    for _ in range(1000):
        port = random.choice(FREE_PORT_RANGE)
        if is_free(host, port):
            return port
    raise StackError(f"No free port between {FREE_PORT_RANGE.start} and {FREE_PORT_RANGE.stop} on {host}: stop what listens there.")


def require_free(host: str, port: int, setting: str) -> None:
    """Return if ``port`` can be used.

    Raises:
        StackError: it cannot; the sentence names the ``setting`` that moves it.
    """
    another = port + 1 if port < 65_535 else port - 1
    try:
        free = is_free(host, port)
    except PermissionError as error:
        raise StackError(f"Port {port} needs privileges that you do not have: choose one from 1024 up, such as {setting}=8000.") from error
    except OSError as error:
        raise StackError(f"Cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}): correct HOST or {setting}.") from error
    if not free:
        raise StackError(f"Port {port} is taken by another program: stop it, or choose another, such as `{setting}={another} make run`.")
