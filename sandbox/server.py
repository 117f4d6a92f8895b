# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The server process: MiniStack in-process, with the services of ours, on one loopback port."""

import argparse
import asyncio
import contextlib
import importlib
import logging
import os
import resource
import signal
import socket
from pathlib import Path
from typing import Any

from sandbox import ACCOUNTS, FIRST_PORT, REGION, engine, ministack, seam
from sandbox.addresses import bind
from sandbox.confinement import confine
from sandbox.errors import SandboxError
from sandbox.host import Sandbox
from sandbox.services import SERVICES
from sandbox.state import State, version, write_state

logger = logging.getLogger("sandbox")


def _bind_port(preferred: int | None) -> socket.socket:
    """A listening socket on the preferred port, or on the first free port. Binding is the reservation: no race."""
    for port in [*([preferred] if preferred else []), *range(FIRST_PORT, FIRST_PORT + 1000)]:
        with contextlib.suppress(OSError):
            return bind("127.0.0.1", port)
    raise SandboxError(f"no free port between {FIRST_PORT} and {FIRST_PORT + 999} on 127.0.0.1")


def _configure(name: str, home: Path, port: int, network: engine.Network) -> None:
    """MiniStack reads its settings from the environment when it is imported."""
    os.environ.update(
        {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "DOCKER_NETWORK": network.name,
            "HOSTNAME": "",  # else it looks for a container of this machine's name to learn a network from
            "MINISTACK_HOSTNAME": f"fastbreak-{name}",
            "MINISTACK_ACCOUNT_ID": ACCOUNTS["dev"],
            "MINISTACK_REGION": REGION,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "0",
            "STATE_DIR": str(home / "tmp" / "state"),
            "S3_DATA_DIR": str(home / "tmp" / "s3"),
        }
    )


def _raise_file_limit() -> None:
    """Every proxied connection takes two descriptors; the usual soft limit of 1024 is soon reached."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _gateway_socket(network: engine.Network, port: int) -> socket.socket | None:
    """The same port on the network's host side, where tasks reach the API; None where that is not this machine's."""
    try:
        return bind(network.gateway, port)
    except OSError as error:
        logger.warning("tasks cannot reach the API at %s:%s: %s", network.gateway, port, error)
        return None


def _hook_cleaning(sandbox: Sandbox) -> None:
    """`POST /_ministack/reset` also runs the services' hooks; what is removed in the engine is this sandbox's alone.

    MiniStack on its own would, when it starts and ends, also remove containers that no living MiniStack can be shown to
    own, by labels that know nothing of several sandboxes.
    """
    forget_ministack = ministack.app._reset_all_state  # noqa: SLF001 - MiniStack has no hook for it

    def sweep(include_unlabelled: bool = False) -> None:  # noqa: ARG001 - MiniStack's signature
        engine.sweep(engine.connect(), sandbox.name, sandbox.home, keep_network=True)

    def forget_all() -> None:
        forget_ministack()
        sandbox.forget()
        sweep()

    ministack.app._stop_docker_containers = sweep  # noqa: SLF001
    ministack.app._reset_all_state = forget_all  # noqa: SLF001


async def _serve(sandbox: Sandbox, sockets: list[socket.socket]) -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415 - ministack sets hypercorn up when imported
    from hypercorn.config import Config  # noqa: PLC0415

    config = Config()
    config.bind = [f"fd://{listener.detach()}" for listener in sockets]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    ready = asyncio.Event()
    serving = asyncio.create_task(
        serve(_announcing(sandbox.wrapped(ministack.app.app), ready), config, shutdown_trigger=ended.wait)
    )
    first = asyncio.create_task(ready.wait())
    await asyncio.wait({serving, first}, return_when=asyncio.FIRST_COMPLETED)
    if ready.is_set():
        await sandbox.started()
        _publish(sandbox)
        await ended.wait()
        await sandbox.stopping()
    first.cancel()
    await serving


def _announcing(app: Any, ready: asyncio.Event) -> Any:
    """`app`, which sets `ready` once it has started up."""

    async def announcing(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def announce(message: dict[str, Any]) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                ready.set()

        await app(scope, receive, announce if scope["type"] == "lifespan" else send)

    return announcing


def _publish(sandbox: Sandbox) -> None:
    write_state(
        sandbox.home,
        State(
            name=sandbox.name,
            endpoint_url=sandbox.endpoint_url,
            pid=os.getpid(),
            port=sandbox.port,
            region=sandbox.region,
            accounts=sandbox.accounts,
            registries=sandbox.registries,
            issuer=sandbox.issuer,
        ),
    )


def _install_all(sandbox: Sandbox) -> list[str]:
    """Install every service, or those that `SANDBOX_SERVICES` lists (with commas); their names."""
    listed = os.environ.get("SANDBOX_SERVICES", "").split(",")
    wanted = SERVICES if listed == [""] else listed
    if unknown := sorted(set(wanted) - set(SERVICES)):
        raise SandboxError(f"SANDBOX_SERVICES names {', '.join(unknown)}: there are {', '.join(SERVICES)}")
    installed = [name for name in SERVICES if name in wanted]
    for name in installed:
        importlib.import_module(f"sandbox.services.{name}").install(sandbox)
    return installed


def run(name: str, home: Path, preferred_port: int | None) -> None:
    """Serve until a signal; everything is set up before the first request."""
    listener = _bind_port(preferred_port)
    port = listener.getsockname()[1]
    network = engine.ensure_network(engine.connect(), name, home)
    _configure(name, home, port, network)
    confine(name, home, network)
    _raise_file_limit()
    seam.require(ministack.MODULES)
    sandbox = Sandbox(name=name, home=home, port=port, network=network)
    _hook_cleaning(sandbox)
    logger.info("sandbox %s, services: %s", name, ", ".join(_install_all(sandbox)))
    gateway = _gateway_socket(network, port)
    asyncio.run(_serve(sandbox, [listener, gateway] if gateway else [listener]))


def main() -> None:
    """The entry point; `python -m sandbox up` is the way to start it."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.server", description=main.__doc__)
    parser.add_argument("--version", action="version", version=f"sandbox of fastbreak {version()}")
    parser.add_argument("--name", required=True)
    parser.add_argument("--home", required=True, type=Path)
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    try:
        run(options.name, options.home, options.port)
    except SandboxError as error:
        raise SystemExit(f"sandbox: {error}") from error


if __name__ == "__main__":
    main()
