# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same work on many items at once."""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")


def in_parallel(work: Callable[[T], R], items: Iterable[T], concurrency: int) -> list[R]:  # noqa: UP047 - as in `wait`
    """What *work* makes of each item, in their order; at most *concurrency* at once.

    After the first error nothing more is begun; it is raised when what was begun has ended.
    """
    failed = threading.Event()

    def one(item: T) -> R | None:
        if failed.is_set():
            return None
        try:
            return work(item)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="site") as pool:
        futures = [pool.submit(contextvars.copy_context().run, one, item) for item in items]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            # An interrupt of the wait is no failure of an item.
            failed.set()
    # Each raises what its work did.
    return [future.result() for future in futures]  # type: ignore[misc] # None is only where another raises
