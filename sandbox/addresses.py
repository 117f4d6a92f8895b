# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Loopback addresses that belong to one sandbox.

Linux answers on the whole of 127.0.0.0/8 without any set-up, so every load balancer and registry gets an address of its
own. An address is derived from the sandbox's identity and a key: the same every time, and different between sandboxes.
"""

import hashlib
import itertools
import socket
from collections.abc import Container
from pathlib import Path

LOW_PORTS_FIX = "sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80"


def loopback_address(home: Path, key: str, taken: Container[str] = ()) -> str:
    """The address `127.x.y.z` of `key` in the sandbox kept in `home`; never in 127.0/16, where others live."""
    for attempt in itertools.count():
        digest = hashlib.sha256(f"{home}\0{key}\0{attempt}".encode()).digest()
        address = f"127.{digest[0] % 254 + 1}.{digest[1]}.{digest[2] % 254 + 1}"
        if address not in taken:
            return address
    raise AssertionError("unreachable: the count never ends")


def bind(address: str, port: int) -> socket.socket:
    """A socket that listens on `address:port`; raises OSError when the port is taken or not permitted."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def low_port_problem(address: str, port: int = 80) -> str | None:
    """Why a load balancer could not listen on `address:port`, with the fix; None when it can."""
    try:
        bind(address, port).close()
    except PermissionError:
        return f"load balancers could not listen on port {port}: run as root, or once `{LOW_PORTS_FIX}`"
    except OSError as error:
        return f"load balancers could not listen on port {port} ({error.strerror}): stop the program that holds it"
    return None
