# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Running the application under uvicorn, stopped the way a container is stopped."""

from __future__ import annotations

import asyncio
import resource
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import structlog
import uvicorn

from fastbreak_service.api.app import Deadline, make_app
from fastbreak_service.api.connection import UNSENT_SECONDS, bounded
from fastbreak_service.worker.confine import hide_memory

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.settings import ServiceSettings

_REQUESTS_SECONDS = 60
_OPEN_FILES = 65_536
_LOOK_SECONDS = 0.1
log = structlog.get_logger()


class _Server(uvicorn.Server):
    """uvicorn ends itself with the signal it was stopped by; a container that was drained should exit 0."""

    def __init__(self, config: uvicorn.Config, deadline: Deadline) -> None:
        super().__init__(config)
        self._deadline = deadline

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT, and let the second of them stop at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, and wait a moment for callers who are in the middle of a body to hear their answer.

        A connection that is still open when the process ends is reset, and the answer with it.
        """
        await super().shutdown(sockets)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(UNSENT_SECONDS + 1, self._deadline.seconds_left)):
                while self.server_state.tasks and not self.force_exit:
                    await asyncio.sleep(_LOOK_SECONDS)

    def _stop(self, number: int) -> None:
        log.info("stopping", signal=signal.Signals(number).name)
        self._deadline.start()
        self.force_exit = self.should_exit and number == signal.SIGINT
        self.should_exit = True


def serve(settings: ServiceSettings, footage: Footage) -> int:
    """Serve until told to stop; the exit code. 0 after a drain, 1 when the port cannot be had."""
    hide_memory()
    _allow_connections()
    deadline = Deadline(settings.work.stop_seconds)
    config = uvicorn.Config(
        make_app(settings, footage, deadline),
        host=settings.host,
        port=settings.port,
        http=bounded(settings.work.version),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Longer than a load balancer keeps an idle connection (60 s), which would otherwise meet a closed one.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_REQUESTS_SECONDS,
        lifespan="on",
    )
    server = _Server(config, deadline)
    try:
        server.run()
    except SystemExit:
        return 1
    return 0 if server.started else 1


def _allow_connections() -> None:
    """As many open files as the platform allows: idle callers must not use up the usual 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
