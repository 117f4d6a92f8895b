# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find a Docker engine, start one, or stop the one that this clone started.

ensure  exit 0 when a Docker engine answers, after installing and starting one where that may be done
stop    end the engine if this clone started it; refuses while containers run in it, unless --force is given
status  say what answers, and whether this clone started it
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import apt
from tools.command_line import parser
from tools.engine import _apt, _daemon, _ping, _record
from tools.engine._errors import EngineError

LAYOUT = _daemon.Layout()
MACHINE_LOCK = Path("/run/lock/fastbreak-engine.lock")
SYSTEMD = Path("/run/systemd/system")
UNITS = ("docker.service", "docker.socket")
REMAINS = (
    "What stays of it: Debian's package docker.io, /var/lib/docker with its images, "
    "the iptables chains DOCKER*, and net.ipv4.ip_forward=1."
)


@contextmanager
def turns() -> Iterator[None]:
    """One start or stop at a time on this machine, whichever clone it comes from."""
    MACHINE_LOCK.parent.mkdir(parents=True, exist_ok=True)
    with MACHINE_LOCK.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def ours() -> _record.Record | None:
    """The record of an engine that this clone started and that still runs, or whose helpers do."""
    record = _record.read(LAYOUT.record)
    if record is None:
        return None
    alive = [process for process in (record.daemon, *record.helpers) if process is not None and process.alive()]
    return record if alive or record.unit else None


def why_not(answer: _ping.Answer) -> str | None:
    """Why we may not start an engine and what the user can do about it, or None when we may."""
    seen = f"No Docker engine answers at {answer.address} ({answer.seen})"
    if answer.hangs:
        return (
            f"{seen}. It hangs: end its containers and restart it. One that this clone started is ended by "
            "`make engine-stop`; otherwise `sudo systemctl restart docker`."
        )
    if answer.forbidden and not os.environ.get("DOCKER_HOST"):
        return f"{seen}: this user may not use it. `sudo usermod -aG docker $USER`, log in again, run this again."
    if elsewhere := _elsewhere():
        return f"{seen}, {elsewhere}"
    if os.geteuid() != 0:
        return f"{seen}. {advice()}"
    if shutil.which("dockerd") is None and not apt.is_debian():
        return f"{seen}, and only Debian's packages are installed by this. {advice()}"
    return None


def _elsewhere() -> str | None:
    """What to do when the user's engine is another than this machine's own; None when it is not."""
    if os.environ.get("DOCKER_HOST"):
        return "which DOCKER_HOST names: start it, or unset DOCKER_HOST to use this machine's own."
    if host := _ping.context_host():
        return f"but the docker client's context reaches one: `export DOCKER_HOST={host}` and run this again."
    return None


def advice() -> str:
    start = "sudo systemctl start docker"
    if shutil.which("dockerd"):
        return f"Start the installed one: `{start}` (without systemd: `sudo dockerd`), then run this again."
    return (
        "Install one and let this user use it: `sudo apt-get install docker.io` (or Docker's own packages), "
        f"`{start}`, `sudo usermod -aG docker $USER`, log in again, run this again. "
        "As root on Debian this is done for you."
    )


def ensure() -> str:
    answer = _ping.ping()
    if answer.ok:
        return f"A Docker engine answers at {answer.address}."
    if reason := why_not(answer):
        raise EngineError(reason)
    with turns():
        if (answer := _ping.ping()).ok:
            return f"A Docker engine answers at {answer.address}."
        if shutil.which("dockerd") is None:
            print("Installing Debian's Docker engine ...", flush=True)
            _apt.install()
        if SYSTEMD.exists():
            start_unit()
        else:
            _daemon.start(LAYOUT)
    return f"Started a Docker engine at {answer.address} (log: {LAYOUT.log.relative_to(_daemon.ROOT)})."


def start_unit() -> None:
    done = subprocess.run(["systemctl", "start", UNITS[0]], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EngineError(f"`systemctl start {UNITS[0]}` failed: {done.stderr.strip()} See `journalctl -u docker`.")
    _record.write(LAYOUT.record, _record.Record(unit=UNITS[0], bridge_was_there=True))


def stop(force: bool) -> str:
    record = ours()
    if record is None:
        LAYOUT.record.unlink(missing_ok=True)
        return "This clone started no Docker engine: nothing to stop."
    with turns():
        busy = _daemon.running_containers(LAYOUT) if _ping.ping_socket(LAYOUT.socket).ok else []
        if busy and not force:
            raise EngineError(
                f"The Docker engine was left running, for {len(busy)} containers run in it "
                f"({', '.join(sorted(busy)[:5])}): end them first, or use --force."
            )
        if record.unit:
            subprocess.run(["systemctl", "stop", *UNITS], check=True)
            LAYOUT.record.unlink(missing_ok=True)
            return f"Stopped {record.unit}. {REMAINS}"
        return f"{_daemon.stop(LAYOUT, record)} {REMAINS}"


def stopping() -> str:
    """What `stop` would end."""
    record = ours()
    if record is None:
        return "This clone started no Docker engine: nothing would be stopped."
    if record.daemon is None:
        return f"Would stop {record.unit}."
    return f"Would stop the Docker engine that this clone started (process {record.daemon.pid})."


def starting() -> str:
    """What `ensure` would do."""
    answer = _ping.ping()
    if answer.ok:
        return f"A Docker engine answers at {answer.address}: nothing would be started."
    if reason := why_not(answer):
        raise EngineError(reason)
    install = "" if shutil.which("dockerd") else "install Debian's Docker engine and "
    return f"Would {install}start it, to answer at {answer.address}."


def status() -> str:
    answer = _ping.ping()
    if not answer.ok:
        raise EngineError(f"No Docker engine answers at {answer.address} ({answer.seen}).")
    return f"A Docker engine answers at {answer.address}, " + (
        "started by this clone." if ours() else "not started by this clone."
    )


def main(words: list[str]) -> int:
    made = parser("tools.engine", __doc__)
    made.add_argument("verb", choices=("ensure", "stop", "status"))
    made.add_argument("--force", action="store_true", help="stop even while containers run in it")
    made.add_argument("--dry-run", action="store_true", help="say what would be started or stopped, and do nothing")
    arguments = made.parse_args(words)
    dry_run = arguments.dry_run
    try:
        match arguments.verb:
            case "ensure":
                print(starting() if dry_run else ensure(), flush=True)
            case "stop":
                print(stopping() if dry_run else stop(arguments.force), flush=True)
            case _:
                print(status(), flush=True)
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; run the same command again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
