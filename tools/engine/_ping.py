# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does a Docker engine answer? Asked on its socket, as the Docker library asks, so that both see the same engine."""

import http.client
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

DEFAULT_SOCKET = Path("/var/run/docker.sock")
PING_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    """Whether an engine answered at `address`, and what was seen when it did not."""

    ok: bool
    address: str
    seen: str = ""
    forbidden: bool = False
    hangs: bool = False


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def get(path: Path, route: str, timeout: float = PING_TIMEOUT_SECONDS) -> bytes:
    """The engine's answer to a GET; OSError or HTTPException when there is none."""
    connection = _UnixConnection(path, timeout)
    try:
        connection.request("GET", route)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise http.client.HTTPException(f"{route} answered {response.status}: {body.decode(errors='replace')[:200]}")
    return body


def ping_socket(path: Path) -> Answer:
    address = f"unix://{path}"
    try:
        get(path, "/_ping")
    except PermissionError as error:
        return Answer(False, address, str(error), forbidden=True)
    except (OSError, http.client.HTTPException) as error:
        return Answer(False, address, str(error) or type(error).__name__)
    try:
        # Docker before 23 can deadlock among its networks (moby issue 46661), and answers a ping all the same.
        get(path, "/networks")
    except (OSError, http.client.HTTPException) as error:
        return Answer(False, address, f"it answers a ping, but not GET /networks: {error}", hangs=True)
    return Answer(True, address)


def ping() -> Answer:
    """Ask the engine that DOCKER_HOST names, or the machine's own."""
    host = os.environ.get("DOCKER_HOST", "")
    if not host:
        return ping_socket(DEFAULT_SOCKET)
    if host.startswith("unix://"):
        return ping_socket(Path(host.removeprefix("unix://")))
    done = _client("version", "--format", "{{.Server.Version}}")
    return Answer(done is not None, host, "" if done else "the docker client reached no engine there")


def context_host() -> str | None:
    """The address of another engine that the docker client's own context names (rootless, Docker Desktop)."""
    host = _client("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    if not host or host in {f"unix://{DEFAULT_SOCKET}", "unix:///run/docker.sock"}:
        return None
    path = Path(host.removeprefix("unix://"))
    return host if host.startswith("unix://") and ping_socket(path).ok else None


def _client(*arguments: str) -> str | None:
    docker = shutil.which("docker")
    if docker is None:
        return None
    try:
        done = subprocess.run([docker, *arguments], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
