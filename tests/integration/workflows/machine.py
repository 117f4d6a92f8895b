# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands for a machine of GitHub's: a container in which a job's steps run.

It has the programs of the machine that tests run on (`/usr`, read-only), the clone, the runner's folders and the files
that the job's environment names. It has no other file of the machine, none of its processes and none of its
environment but how to reach networks. It shares the machine's network, for the sandbox's addresses are there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tools.clone import CLONE_LABEL, identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

IMAGE = "fastbreak-sandbox/base:trixie"
HOME = "/home/runner"
PYTHON = Path(sys.base_prefix)
"""What actions/setup-python installs: the Python that tools/bootstrap found on this machine."""
PATH = f"{PYTHON}/bin:/usr/local/bin:/usr/bin:/usr/sbin"
OF_THE_SYSTEM = ("/usr", "/etc/ssl", "/etc/ld.so.cache", "/etc/alternatives", "/etc/passwd", "/etc/group")
OF_PIP = Path("/etc/pip.conf")
PIP_CONFIG = Path(".config/pip/pip.conf")
REACHING = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "PIP_",
    "UV_",
    "SSL_CERT_",
    "REQUESTS_CA_",
    "CURL_CA_",
    "EXTRA_CA_",
)
"""How variables begin, in either case, that say how networks are reached."""
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
"""How GitHub's runner calls it."""
ENGINE = Path("/var/run/docker.sock")
HOURS = 2
"""After which it ends by itself, should nobody end it."""


def reaching(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that say how networks are reached."""
    return {name: value for name, value in environment.items() if name.upper().startswith(REACHING)}


def named_files(values: Iterable[str]) -> set[Path]:
    """The files and folders that values name by a whole path."""
    return {Path(value) for value in values if value.startswith("/") and Path(value).exists()}


@dataclass
class Machine:
    """A container for a job: `writable` are the folders that it works in; with `engine` it has the Docker engine."""

    writable: Iterable[Path]
    readable: Iterable[Path] = ()
    engine: bool = False
    name: str = field(default_factory=lambda: f"fastbreak-job-{uuid.uuid4().hex[:12]}")

    def __enter__(self) -> Self:
        assert Path("/bin").is_symlink(), "a job's container takes /usr of this machine, which has programs elsewhere"
        words = ["run", "--detach", "--rm", "--network=host", f"--name={self.name}"]
        words += [f"--label={CLONE_LABEL}={identity()}", f"--user={os.getuid()}:{os.getgid()}"]
        words += [f"--group-add={group}" for group in os.getgroups()]
        words += [f"--tmpfs={HOME}:exec,mode=1777", f"--env=HOME={HOME}", f"--env=PATH={PATH}", "--env=LANG=C.UTF-8"]
        done = _docker(*words, *self._mounts(), IMAGE, "sleep", f"{HOURS}h")
        assert done.returncode == 0, done.stderr
        return self

    def __exit__(self, *_: object) -> None:
        """End it, with all that the steps left running."""
        _docker("rm", "--force", self.name)

    def run(self, script: str, folder: Path, environment: Mapping[str, str], seconds: float) -> tuple[int, str]:
        """Run a step; its exit code and what it said."""
        given = {**reaching(os.environ), **environment}
        # Only names are arguments: others can read these.
        words = ["exec", f"--workdir={folder}", *(f"--env={name}" for name in given), self.name]
        done = _docker(*words, *BASH, script, seconds=seconds, given=given)
        return done.returncode, done.stdout + done.stderr

    def _mounts(self) -> list[str]:
        pip = Path.home() / PIP_CONFIG
        of_network = named_files(reaching(os.environ).values())
        readable = {PYTHON, OF_PIP, *map(Path, OF_THE_SYSTEM), *self.readable, *of_network}
        found = {path: f"{path}:{path}:ro" for path in readable if path.exists()}
        found |= {path: f"{path}:{path}" for path in self.writable}
        if pip.exists():
            found[pip] = f"{pip}:{HOME}/{PIP_CONFIG}:ro"
        if self.engine:
            found[ENGINE] = f"{ENGINE}:{ENGINE}"
        # What another one holds is there already, unless it may be written to.
        kept = [path for path in found if path in self.writable or not any(above in found for above in path.parents)]
        return [f"--volume={found[path]}" for path in sorted(kept)]


def _docker(
    *words: str, seconds: float = 120, given: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    # Docker's client finds the variables that it hands on in its own environment, and must not itself be led by them.
    client = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST") if name in os.environ}
    return subprocess.run(
        ["docker", *words],
        env={**(given or {}), **client},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
