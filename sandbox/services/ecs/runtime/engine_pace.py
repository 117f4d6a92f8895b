# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""One thing at a time at the Docker engine's network.

Engines of the 20.10 line can lock up for good when the last container of a network goes while another one comes or
goes, and keep a network endpoint for ever when a container is removed in the middle of its start. So starts and
removals take turns, and containers are told to end shortly after each other. `anchor` sees to it that no container
is the last.
"""

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from docker.errors import APIError, NotFound

logger = logging.getLogger("sandbox.ecs")
_GAP_SECONDS = 0.15
_PATIENCE_SECONDS = 30.0


class Pace:
    """Turns at the engine; safe from any thread."""

    def __init__(self) -> None:
        self._engine = threading.Lock()
        self._changed = threading.Condition()
        self._starting: set[str] = set()
        self._closed = False

    @contextmanager
    def start(self, container: str) -> Iterator[bool]:
        """Have the engine for the start of one container; False when nothing may be started now."""
        with self._changed:
            self._starting.add(container)
        try:
            with self._engine:
                yield not self._closed
        finally:
            with self._changed:
                self._starting.discard(container)
                self._changed.notify_all()

    def after_start(self, container: str) -> None:
        """Wait until the container is not being started."""
        with self._changed:
            self._changed.wait_for(lambda: container not in self._starting, _PATIENCE_SECONDS)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have the engine for a removal."""
        with self._engine:
            yield

    def turn(self) -> None:
        """Wait for a turn to tell a container to end; what ends at a word ends some time after the container before."""
        with self._engine:
            time.sleep(_GAP_SECONDS)

    def close(self) -> None:
        """Let nothing be started any more and wait until no start is in flight."""
        self._closed = True
        with self._changed:
            self._changed.wait_for(lambda: not self._starting, _PATIENCE_SECONDS)

    def open(self) -> None:
        """Let containers be started again."""
        self._closed = False


PACE = Pace()


def drop_one_by_one(containers: Iterable[Any], stop_timeout: int = 2, force: bool = False) -> int:  # noqa: ARG001
    """Instead of MiniStack's, which removes many containers at once; how many went. For reset and the server's end."""
    dropped = 0
    for container in [item for item in containers if item is not None]:
        try:
            with PACE.alone():
                container.remove(v=True, force=True)
            dropped += 1
        except NotFound:
            continue
        except APIError as error:
            logger.warning("container %s could not be removed: %s", container.id[:12], error)
    return dropped
