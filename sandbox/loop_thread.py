# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A thread with an event loop of its own, in which a data plane serves: a slow API handler delays none of its users."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

_SECONDS = 15.0
"""How long a change of a data plane may take."""


class LoopThread:
    """A data plane has `open`, `close` and `apply`, which run in the loop; others call `start`, `stop` and `sync`."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._ready = threading.Event()
        self._changing = asyncio.Lock()

    async def open(self) -> None:
        """Before the first request."""

    async def close(self) -> None:
        """Release everything."""

    async def apply(self) -> None:
        """Bind what is missing, release what is gone. Raises the OSError of an address that could not be bound."""

    def start(self) -> None:
        """Start the thread; returns once it serves."""
        self._thread.start()
        self._call(self.open())
        self._ready.set()
        self.sync()

    def stop(self) -> None:
        """Release everything and end the thread."""
        self._ready.clear()
        self._call(self.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_SECONDS)
        self.loop.close()

    def sync(self) -> None:
        """Have the data plane follow the records; not before it has started, and never from its own thread."""
        if self._ready.is_set() and threading.current_thread() is not self._thread:
            self._call(self._apply_alone())

    async def _apply_alone(self) -> None:
        async with self._changing:
            await self.apply()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(_SECONDS)
