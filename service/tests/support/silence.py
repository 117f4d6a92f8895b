# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A way to the database that stops answering in the middle of a transaction, as a server that hangs does."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BYTES = 1 << 16


class Way:
    """Connections to it lead to a server. While it is `armed`, a connection is silent after one more answer.

    That is the answer to what says `mark`, which a transaction's first statement does.
    """

    def __init__(self, server: int, mark: bytes) -> None:
        self._server, self._mark = server, mark
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.armed = threading.Event()
        self.silenced = 0

    @property
    def port(self) -> int:
        """Where it begins."""
        return int(self._listening.getsockname()[1])

    def lead(self) -> None:
        """Lead connections to the server until it is closed."""
        with suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                there = socket.create_connection(("127.0.0.1", self._server))
                said = threading.Event()
                for serve in (self._ask, self._answer):
                    threading.Thread(target=serve, args=(here, there, said), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()

    def _ask(self, here: socket.socket, there: socket.socket, said: threading.Event) -> None:
        with suppress(OSError), there:
            while words := here.recv(_BYTES):
                if self.armed.is_set() and self._mark in words:
                    said.set()
                there.sendall(words)

    def _answer(self, here: socket.socket, there: socket.socket, said: threading.Event) -> None:
        silent = False
        with suppress(OSError), here:
            while words := there.recv(_BYTES):
                if silent:
                    continue
                here.sendall(words)
                if said.is_set():
                    silent = True
                    self.silenced += 1


@contextmanager
def way_to(server: int, mark: bytes) -> Iterator[Way]:
    """Such a way to a port of this machine."""
    way = Way(server, mark)
    leading = threading.Thread(target=way.lead, daemon=True)
    leading.start()
    try:
        yield way
    finally:
        way.close()
