# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start and stop a Docker daemon by hand, for machines where no service manager does it."""

import http.client
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.engine import _record
from tools.engine._errors import EngineError
from tools.engine._ping import DEFAULT_SOCKET, get, ping_socket
from tools.engine._processes import children, end, identify, name_of
from tools.wait import until

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
STOP_SECONDS = 30
BRIDGE = Path("/sys/class/net/docker0")


@dataclass(frozen=True)
class Layout:
    """Where a daemon keeps its things. The default is the machine's own engine; tests run one beside it."""

    home: Path = ROOT / ".cache" / "engine"
    socket: Path = DEFAULT_SOCKET
    pid_file: Path = Path("/var/run/docker.pid")
    exec_root: Path = Path("/var/run/docker")
    command: tuple[str, ...] = ("dockerd",)

    @property
    def record(self) -> Path:
        return self.home / "started.json"

    @property
    def log(self) -> Path:
        return self.home / "dockerd.log"

    @property
    def containerd_pid_file(self) -> Path:
        return self.exec_root / "containerd" / "containerd.pid"


def start(layout: Layout) -> None:
    """Start a daemon and wait until it answers. Raises EngineError with the end of its log."""
    layout.home.mkdir(parents=True, exist_ok=True)
    if (running := _pid_in(layout.pid_file, "dockerd")) is None:
        _remove_stale(layout)
        _launch(layout)
    _wait_until_it_answers(layout, running)
    record = _record.read(layout.record)
    if record is not None and record.daemon is not None and record.daemon.alive():
        helpers = tuple(child for child in children(record.daemon) if name_of(child.pid) == "containerd")
        _record.write(layout.record, _record.Record(record.daemon, helpers, "", record.bridge_was_there))


def _launch(layout: Layout) -> None:
    bridge = "yes" if BRIDGE.exists() else "no"
    launcher = [sys.executable, "-m", "tools.engine._launch", str(layout.record), bridge]
    layout.record.unlink(missing_ok=True)
    with layout.log.open("ab") as log:
        subprocess.run(
            [*launcher, *layout.command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )


def _wait_until_it_answers(layout: Layout, running: int | None) -> None:
    def answers() -> bool:
        if ping_socket(layout.socket).ok:
            return True
        record = _record.read(layout.record)
        if record is not None and record.daemon is not None and running is None and not record.daemon.alive():
            raise EngineError(f"dockerd ended while it was starting. The end of {layout.log}:\n{_tail(layout.log)}")
        return False

    if not until(answers, START_SECONDS, pause=0.1):
        who = f"dockerd (process {running}) runs but" if running else "dockerd"
        raise EngineError(
            f"{who} did not answer on {layout.socket} within {START_SECONDS} s ({ping_socket(layout.socket).seen}). "
            f"Look at its log (ours: {layout.log}), end it and run this again."
        )


def _tail(log: Path, lines: int = 15) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError as error:
        return f"({error})"


def _pid_in(pid_file: Path, name: str) -> int | None:
    """The process that a pid file names, when it lives and is the program it should be."""
    try:
        pid = int(pid_file.read_text())
    except (OSError, ValueError):
        return None
    return pid if identify(pid) is not None and name_of(pid) == name else None


def _remove_stale(layout: Layout) -> None:
    """A killed daemon leaves pid files, and a new one refuses to start while any process has that number."""
    layout.pid_file.unlink(missing_ok=True)
    if _pid_in(layout.containerd_pid_file, "containerd") is None:
        layout.containerd_pid_file.unlink(missing_ok=True)


def running_containers(layout: Layout) -> list[str]:
    """Names of the containers that run in the engine."""
    try:
        listing = json.loads(get(layout.socket, "/containers/json"))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EngineError(f"The engine at {layout.socket} does not say what runs in it ({error}).") from error
    return [str(container["Names"][0]).lstrip("/") for container in listing]


def stop(layout: Layout, record: _record.Record) -> str:
    """End the daemon of the record and what it brought along; say what was done."""
    daemon = record.daemon
    if daemon is None:
        raise EngineError(f"{layout.record} names no process.")
    was_alive = daemon.alive()
    gently = end(daemon, STOP_SECONDS)
    for helper in record.helpers:
        end(helper, STOP_SECONDS)
    for leftover in (layout.pid_file, layout.socket):
        if _pid_in(layout.pid_file, "dockerd") is None:
            leftover.unlink(missing_ok=True)
    removed_bridge = _remove_bridge(record)
    layout.record.unlink(missing_ok=True)
    how = "Stopped" if was_alive and gently else "Killed" if was_alive else "Cleared up after"
    return f"{how} the Docker engine that this clone started (process {daemon.pid}){removed_bridge}."


def _remove_bridge(record: _record.Record) -> str:
    if record.bridge_was_there or not BRIDGE.exists():
        return ""
    done = subprocess.run(["ip", "link", "delete", "docker0"], capture_output=True, text=True, check=False)
    return " and removed docker0" if done.returncode == 0 else f"; docker0 stays ({done.stderr.strip()})"
