# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions that do not wait for each other's answers. What is asked changes nothing."""

from __future__ import annotations

import contextvars
import queue
import threading
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


class Workers(Protocol):
    """Who asks."""

    def begin(self, work: Callable[[], T]) -> Callable[[], T]:
        """Have *work* begun; what waits for its answer, or raises what it raised. It is to be called once at most."""


class OneByOne:
    """Each question is asked when its answer is wanted."""

    def begin(self, work: Callable[[], T]) -> Callable[[], T]:
        """The *work* itself."""
        return work


class Threads:
    """At most *most* questions are asked at once.

    An interrupt waits for no answer, and neither does the end of the process.
    """

    def __init__(self, most: int) -> None:
        self._turns = threading.Semaphore(most)

    def begin(self, work: Callable[[], T]) -> Callable[[], T]:
        """Have *work* done in a thread of its own, with the context variables of who asks."""
        context = contextvars.copy_context()
        outcome: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

        def ask() -> None:
            with self._turns:
                try:
                    outcome.put((context.run(work), None))
                except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
                    outcome.put((None, error))

        def answer() -> T:
            found, error = outcome.get()
            if error is not None:
                raise error
            return found  # type: ignore[return-value] # what the work returned

        threading.Thread(target=ask, daemon=True, name="question").start()
        return answer


class Aside(Protocol):
    """Who does what nobody waits for, such as a program that takes minutes."""

    def begin(self, work: Callable[[], T]) -> Callable[[], tuple[T] | None]:
        """Have *work* begun; what tells its outcome, or raises what it raised: None as long as there is none."""


class AtOnce:
    """All is done when it is begun."""

    def begin(self, work: Callable[[], T]) -> Callable[[], tuple[T] | None]:
        """Do *work*."""
        outcome = (work(),)
        return lambda: outcome


class AsideThreads:
    """A thread for each. The end of the process waits for none."""

    def begin(self, work: Callable[[], T]) -> Callable[[], tuple[T] | None]:
        """Have *work* done in a thread of its own."""
        ended = threading.Event()

        def note() -> T:
            try:
                return work()
            finally:
                ended.set()

        answer = Threads(1).begin(note)
        return lambda: (answer(),) if ended.is_set() else None


def all_of(workers: Workers, works: Sequence[Callable[[], T]]) -> list[T]:  # noqa: UP047 - needs a newer Python
    """What each of *works* returns, in their order. Raises what the first of them raised that did."""
    begun = [workers.begin(work) for work in works]
    return [answer() for answer in begun]
