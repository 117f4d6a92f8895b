# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The networks of tasks, in which load balancers and distributions answer at the same addresses as on this machine.

Every container has loopback addresses of its own, so that 127.x.y.z is another place inside a task. A socket keeps the
network namespace in which it was made, whichever process accepts its connections: ours listens there, too. That needs
the rights of root; without them tasks reach no load balancer, which is logged once.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable

from sandbox.addresses import bind

logger = logging.getLogger("sandbox")
HERE = ""
"""This machine's own network, by its name."""


class Namespaces:
    """Those of the tasks that run, by their names. Who listens in all of them has a `sync`, which follows changes."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._lock = threading.Lock()
        self._followers: list[Callable[[], None]] = []
        self._forbidden = False

    def follow(self, sync: Callable[[], None]) -> None:
        """Have `sync` called whenever one comes or goes."""
        self._followers.append(sync)

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, and this machine's own."""
        with self._lock:
            return (HERE, *self._open)

    def enter(self, name: str, pid: int) -> None:
        """Listen in the namespace of process `pid` as well."""
        if self._forbidden or not pid:
            return
        try:
            opened = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
            _in_namespace(opened, lambda: None)
        except PermissionError as error:
            self._forbidden = True
            logger.warning("tasks reach no load balancer, for only root may listen in their networks: %s", error)
            return
        except OSError:
            # It ended meanwhile.
            return
        with self._lock:
            self._open[name] = opened
        self._tell()

    def leave(self, name: str) -> None:
        """Listen there no more."""
        with self._lock:
            opened = self._open.pop(name, None)
        if opened is not None:
            self._tell()
            os.close(opened)

    def clear(self) -> None:
        """Listen in none of them any more."""
        for name in self.names[1:]:
            self.leave(name)

    def bind(self, name: str, address: str, port: int) -> socket.socket:
        """A socket that listens on `address:port` there; raises OSError when the port is taken or not permitted."""
        if name == HERE:
            return bind(address, port)
        with self._lock:
            opened = self._open.get(name)
        if opened is None:
            raise ProcessLookupError(f"task {name} has ended")
        made: list[socket.socket] = []
        _in_namespace(opened, lambda: made.append(bind(address, port)))
        return made[0]

    def _tell(self) -> None:
        for sync in self._followers:
            sync()


def _in_namespace(opened: int, work: Callable[[], None]) -> None:
    """Do `work` in a thread that is in the namespace and ends with it; raises the OSError that ended it."""
    failed: list[OSError] = []

    def run() -> None:
        try:
            os.setns(opened, os.CLONE_NEWNET)
            work()
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="namespace")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


namespaces = Namespaces()
