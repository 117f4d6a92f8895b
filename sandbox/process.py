# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The server's process: started detached, found by its command line, ended."""

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox.wait import until

MODULE = "sandbox.server"


@dataclass(frozen=True)
class Server:
    """A server that runs: its process and whose it is."""

    pid: int
    name: str
    home: Path


def servers() -> list[Server]:
    """Every sandbox server on this machine. The process table is asked, not a file: a file may be lost or stale."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            zombie = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        if not zombie and MODULE in words and "--name" in words and "--home" in words:
            found.append(
                Server(int(entry.name), words[words.index("--name") + 1], Path(words[words.index("--home") + 1]))
            )
    return found


def find(name: str, home: Path) -> Server | None:
    """The server of this very sandbox, if it runs."""
    return next((server for server in servers() if (server.name, server.home) == (name, home)), None)


def start(name: str, home: Path, root: Path, preferred_port: int | None) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, its output appended to `server.log` in `home`."""
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", MODULE, "--name", name, "--home", str(home)]
    if preferred_port is not None:
        command += ["--port", str(preferred_port)]
    with (home / "server.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "TMPDIR": _temporary(home), "PYTHONUNBUFFERED": "1"},
        )


def _temporary(home: Path) -> str:
    return str(home / "tmp")


def end_descendants(home: Path) -> None:
    """Kill what a server that is gone left running (function runtimes): its children inherit its temporary folder."""
    mark = f"TMPDIR={_temporary(home)}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # ended meanwhile, or another user's
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)


def stop(server: Server, patience_seconds: float = 20.0) -> None:
    """End the server: politely first, for good when it does not answer."""
    for number, patience in ((signal.SIGTERM, patience_seconds), (signal.SIGKILL, 5.0)):
        try:
            os.kill(server.pid, number)
        except ProcessLookupError:
            return
        if until(lambda: find(server.name, server.home) != server, patience, pause=0.05):
            return
