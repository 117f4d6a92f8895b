# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a service can ask of the server it is installed in."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox import ACCOUNTS, REGION, REGIONS
from sandbox.addresses import loopback_address
from sandbox.engine import Network
from sandbox.errors import SandboxError

AsyncHook = Callable[[], Awaitable[None]]
AsgiApp = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
_RESTART_SECONDS = 1.0

logger = logging.getLogger("sandbox")


@dataclass(kw_only=True)
class Sandbox:
    """The running sandbox, as its services see it."""

    name: str
    home: Path
    port: int
    network: Network
    region: str = REGION
    accounts: dict[str, str] = field(default_factory=lambda: dict(ACCOUNTS))
    regions: dict[str, str] = field(default_factory=lambda: dict(REGIONS))
    """Where each environment works, by its name in `accounts`."""
    registries: dict[str, str] = field(default_factory=dict)
    """Account to `address:port` of its image registry; fill it before or in a startup hook, `state.json` shows it."""
    issuer: str = ""
    """The address of the issuer of tokens; the service `oidc` fills it in a startup hook, `state.json` shows it."""
    time_scale: float = field(default_factory=lambda: time_scale())  # noqa: PLW0108 - defined below
    bake_scale: float = field(default_factory=lambda: bake_scale())  # noqa: PLW0108 - defined below
    seed: str = field(default_factory=lambda: os.environ.get("SANDBOX_SEED", ""))
    """What is drawn at random here is drawn from this: `SANDBOX_SEED`."""
    _startup: list[AsyncHook] = field(default_factory=list)
    _shutdown: list[AsyncHook] = field(default_factory=list)
    _reset: list[Callable[[], None]] = field(default_factory=list)
    _background: dict[str, AsyncHook] = field(default_factory=dict)
    _middleware: list[Callable[[AsgiApp], AsgiApp]] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None

    @property
    def endpoint_url(self) -> str:
        """Where the AWS API is served to programs of this machine."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The server's event loop, for `asyncio.run_coroutine_threadsafe` from another thread."""
        if self._loop is None:
            raise RuntimeError("the server's loop does not run yet: use a startup hook")
        return self._loop

    def scaled(self, seconds: float) -> float:
        """`seconds` of AWS's time as seconds of this sandbox (see `time_scale`)."""
        return seconds / self.time_scale

    def loopback_address(self, key: str, taken: Container[str] = ()) -> str:
        """The address 127.x.y.z of `key` in this sandbox: always the same, no other sandbox's, none of `taken`."""
        return loopback_address(self.home, key, taken)

    def on_startup(self, hook: AsyncHook) -> None:
        """Run `hook` on the loop once MiniStack serves; `up` succeeds only after it."""
        self._startup.append(hook)

    def on_shutdown(self, hook: AsyncHook) -> None:
        """Run `hook` on the loop when the server ends politely."""
        self._shutdown.append(hook)

    def on_reset(self, hook: Callable[[], None]) -> None:
        """Call `hook` in a worker thread after MiniStack forgot its state; no request is served meanwhile."""
        self._reset.append(hook)

    def background(self, name: str, work: AsyncHook) -> None:
        """Run `work` on the loop for the server's life; when it raises, log that and start it again after a second."""
        self._background[name] = work

    def middleware(self, wrap: Callable[[AsgiApp], AsgiApp]) -> None:
        """Put `wrap(app)` around MiniStack's ASGI application; what was added last is the outermost."""
        self._middleware.append(wrap)

    # What follows is the server's side.

    def wrapped(self, app: AsgiApp) -> AsgiApp:
        """`app` inside every middleware."""
        for wrap in self._middleware:
            app = wrap(app)
        return app

    async def started(self) -> None:
        """Run the startup hooks and start the background work."""
        self._loop = asyncio.get_running_loop()
        for hook in self._startup:
            await hook()
        self._tasks = [asyncio.create_task(_forever(name, work), name=name) for name, work in self._background.items()]

    async def stopping(self) -> None:
        """End the background work and run the shutdown hooks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for hook in self._shutdown:
            await hook()

    def forget(self) -> None:
        """Run the reset hooks."""
        for hook in self._reset:
            hook()


def time_scale() -> float:
    """How much faster than AWS waits pass: `SANDBOX_TIME_SCALE`, 1 unless contract tests set it."""
    return _scale("SANDBOX_TIME_SCALE")


def bake_scale() -> float:
    """How much faster than all else the bake times of deployments pass: `SANDBOX_BAKE_SCALE`, 1 unless it is set."""
    return _scale("SANDBOX_BAKE_SCALE")


def _scale(variable: str) -> float:
    given = os.environ.get(variable, "1")
    try:
        return max(1.0, float(given))
    except ValueError:
        raise SandboxError(f"{variable} is '{given}': it must be a number, 1 for the pace of AWS") from None


async def _forever(name: str, work: AsyncHook) -> None:
    while True:
        try:
            await work()
            logger.warning("background work %s ended; starting it again", name)
        except Exception:
            logger.exception("background work %s failed; starting it again", name)
        await asyncio.sleep(_RESTART_SECONDS)
