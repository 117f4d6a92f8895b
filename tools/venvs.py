# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the locked virtual environments, from the standard library alone.

`python -m tools.venvs ensure tools service` makes `.venv` and `.venv-service` hold exactly what their locks name, every
file checked against its hash. `current` only says (exit 0 or 1) whether that is so already. A stamp written last is the
proof: an environment without one was left half made, and is made anew. Runs started at the same time take turns.
"""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.command_line import parser
from tools.files import ROOT
from tools.pip_settings import uv_environment

CACHE = ROOT / ".cache" / "bootstrap"
STAMP = ".fastbreak-stamp.json"
SCHEME = 1  # raise it when environments made by an older bootstrap must be made anew


class BootstrapError(Exception):
    """A sentence for the user: what was tried, what was seen, what to do."""


@dataclass(frozen=True)
class Venv:
    """An environment (a directory under the clone) and the lock it holds."""

    directory: str
    lock: str

    @property
    def path(self) -> Path:
        return ROOT / self.directory

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    @property
    def stamp_path(self) -> Path:
        return self.path / STAMP

    def lock_bytes(self) -> bytes:
        try:
            return (ROOT / self.lock).read_bytes()
        except OSError as error:
            raise BootstrapError(f"Cannot read {self.lock} ({error.strerror}): is the clone complete?") from error


VENVS = {
    "tools": Venv(".venv", "requirements.lock"),
    "service": Venv(".venv-service", "service/requirements-dev.lock"),
}
UV = Venv(".cache/bootstrap/uv", "tools/bootstrap-requirements.txt")


def stamp_of(venv: Venv) -> dict[str, str | int]:
    """What a finished environment's stamp must say. Scripts inside name its place, so a moved clone is not current."""
    return {
        "scheme": SCHEME,
        "lock_sha256": hashlib.sha256(venv.lock_bytes()).hexdigest(),
        "location": str(venv.path),
    }


def read_stamp(venv: Venv) -> dict[str, str | int] | None:
    try:
        stamp = json.loads(venv.stamp_path.read_text())
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None


def usable(venv: Venv) -> bool:
    """Finished for some lock, at this place, and its interpreter still there."""
    stamp, wanted = read_stamp(venv), stamp_of(venv)
    whole = stamp is not None and all(stamp.get(key) == wanted[key] for key in ("scheme", "location"))
    return whole and os.access(venv.python, os.X_OK)


def is_current(venv: Venv) -> bool:
    return usable(venv) and read_stamp(venv) == stamp_of(venv)


def run(command: list[str], what: str, environment: Mapping[str, str] | None = None) -> None:
    """Run a command with its output shown only when it fails."""
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        raise BootstrapError(f"{what} failed (exit {done.returncode}):\n{done.stdout.strip()[-4000:]}")


def base_python() -> str:
    """The interpreter to build on: never one inside an activated environment, which may be about to be replaced."""
    if sys.prefix == sys.base_prefix:
        return sys.executable
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")


def write_stamp(venv: Venv) -> None:
    temporary = venv.path / f"{STAMP}.new"
    temporary.write_text(json.dumps(stamp_of(venv), indent=2) + "\n")
    temporary.replace(venv.stamp_path)


def ensure_uv() -> Path:
    """The pinned uv, in an environment of its own that Python's venv and pip make."""
    with turns("uv"):
        if not is_current(UV):
            python = base_python()
            run([python, "-m", "venv", "--clear", str(UV.path)], f"Making {UV.directory} with {python}")
            run(
                [
                    str(UV.python),
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--require-hashes",
                    "--only-binary",
                    ":all:",
                    "-r",
                    str(ROOT / UV.lock),
                ],
                f"Installing uv from {UV.lock} (check the network, and pip's index with `pip config list`)",
            )
            write_stamp(UV)
    return UV.path / "bin"


def fill(venv: Venv) -> None:
    """Make the environment hold its lock, anew unless an earlier run finished it."""
    uv, environment = str(ensure_uv() / "uv"), uv_environment(os.environ)
    if not usable(venv):
        make = [uv, "venv", "--quiet", "--clear", "--no-project", "--python", base_python(), str(venv.path)]
        run(make, f"Making {venv.directory}", environment)
    venv.stamp_path.unlink(missing_ok=True)
    sync = [uv, "pip", "sync", "--quiet", "--python", str(venv.python), "--require-hashes", str(ROOT / venv.lock)]
    run(sync, f"Installing {venv.lock} (check the network, and pip's index with `pip config list`)", environment)


@contextmanager
def turns(name: str) -> Iterator[None]:
    """Hold this clone's lock of that name; the kernel lets go of it when the process ends, however it ends."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def ensure(venv: Venv) -> None:
    with turns(venv.directory.strip(".")):
        if is_current(venv):
            return
        began = time.monotonic()
        # What a program prints may be somebody's input, and this comes before the first program.
        print(f"Installing {venv.lock} into {venv.directory} ...", file=sys.stderr, flush=True)
        fill(venv)
        write_stamp(venv)
        print(f"{venv.directory} is ready ({time.monotonic() - began:.1f} s)", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    made = parser("tools.venvs", __doc__)
    made.add_argument("verb", choices=("current", "ensure"), help="say whether they are as locked, or make them so")
    made.add_argument("names", nargs="+", choices=tuple(VENVS), metavar="NAME", help=" or ".join(VENVS))
    options = made.parse_args(arguments)
    chosen = [VENVS[name] for name in options.names]
    try:
        if options.verb == "current":
            return 0 if all(is_current(venv) for venv in chosen) else 1
        for venv in chosen:
            ensure(venv)
    except BootstrapError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the next run takes up from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
