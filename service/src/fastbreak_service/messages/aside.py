# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Asking a queue in threads of their own, which may hang as long as they like.

The time limits of the AWS library are for each byte of an answer, and there is none for looking up an address. So a
limit for the whole is whoever asks' to keep.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 8
log = structlog.get_logger()


class Aside:
    """At most so many threads at once: what comes while all of them hang is logged and not done."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def begin(self, act: Callable[..., object], *arguments: object) -> threading.Thread | None:
        """Begin to do it, in a thread for which no stop waits; None where there can be no more of them."""
        thread = threading.Thread(target=act, args=arguments, name="messages", daemon=True)
        with self._lock:
            self._threads = [each for each in self._threads if each.is_alive()]
            if len(self._threads) >= self._most:
                log.warning("message not handled", reason=f"{self._most} others still wait for the queue's answers")
                return None
            try:
                thread.start()
            except RuntimeError as error:
                log.warning("message not handled", reason=str(error))
                return None
            self._threads.append(thread)
        return thread

    def within(self, seconds: float, act: Callable[..., object], *arguments: object) -> bool:
        """Do it; whether it was done within so many seconds. Later than that it may be done still."""
        if (thread := self.begin(act, *arguments)) is None:
            return False
        thread.join(seconds)
        if not thread.is_alive():
            return True
        log.warning("message not handled yet", reason=f"the queue gave no answer within {seconds:g} seconds")
        return False
