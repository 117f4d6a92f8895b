# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lock the newest versions that the requirements allow, with the hashes of every file.

With --check nothing is written: each lock is made again with the versions that it holds, and must come out the same.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.command_line import parser
from tools.files import ROOT
from tools.pip_settings import uv_environment
from tools.venvs import BootstrapError, ensure_uv

OLDEST_PYTHON = "3.12"
# No address of an index in a lock: it is whatever the user's pip is configured for.
OPTIONS = ("--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-emit-index-url")
TRIES = 2


@dataclass(frozen=True)
class Lock:
    """A lock and what it is made from, in one folder. The file `excluded` names what is left out on purpose."""

    folder: str
    source: str
    name: str
    excluded: str = ""

    @property
    def path(self) -> Path:
        return Path(self.folder) / self.name

    def options(self) -> list[str]:
        return ["--excludes", self.excluded] if self.excluded else []


# A lock comes after those that it stands on.
LOCKS = (
    Lock("tools", "bootstrap-requirements.in", "bootstrap-requirements.txt"),
    Lock(".", "requirements.in", "requirements.lock"),
    Lock("service", "requirements.in", "requirements.lock", excluded="excluded.txt"),
    Lock("service", "requirements-dev.in", "requirements-dev.lock", excluded="excluded.txt"),
)


def compile_lock(uv: Path, lock: Lock, output: Path, *more: str) -> str | None:
    """Make a lock, with the versions that the output file holds unless told otherwise. What went wrong, or None."""
    command = [str(uv), "pip", "compile", *OPTIONS, "--no-header", "--quiet", *lock.options(), *more]
    command += ["--output-file", str(output), lock.source]
    for _ in range(TRIES):
        done = subprocess.run(
            command,
            cwd=ROOT / lock.folder,
            env=uv_environment(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return None
    return f"Making {lock.path} failed (exit {done.returncode}): {done.stderr.strip()[-2000:]}"


def difference(uv: Path, lock: Lock) -> str | None:
    """How a lock differs from what its requirements give with the same versions; None when it does not."""
    with tempfile.TemporaryDirectory(prefix="fastbreak-lock-") as scratch:
        again = Path(scratch) / lock.name
        shutil.copy(ROOT / lock.path, again)
        if problem := compile_lock(uv, lock, again):
            return problem
        before = (ROOT / lock.path).read_text(encoding="utf-8").splitlines()
        after = again.read_text(encoding="utf-8").splitlines()
    if before == after:
        return None
    lines = [f"  - {line}" for line in before if line not in after]
    lines += [f"  + {line}" for line in after if line not in before]
    shown = "\n".join(lines[:20]) or "  the order of its lines"
    return f"{lock.path} is not what `make lock` gives:\n{shown}"


def main(arguments: list[str]) -> int:
    made = parser("tools.lock", __doc__)
    made.add_argument("--check", action="store_true", help="write nothing; fail when a lock would come out otherwise")
    options = made.parse_args(arguments)
    try:
        uv = ensure_uv() / "uv"
    except BootstrapError as error:
        print(error, file=sys.stderr)
        return 1
    if options.check:
        with ThreadPoolExecutor(max_workers=len(LOCKS)) as pool:
            problems = [problem for problem in pool.map(lambda lock: difference(uv, lock), LOCKS) if problem]
        print("\n".join(problems) or f"{len(LOCKS)} locks are what their requirements give", flush=True)
        return 1 if problems else 0
    for lock in LOCKS:
        print(f"{lock.path}", flush=True)
        if problem := compile_lock(uv, lock, Path(lock.name), "--upgrade"):
            print(problem, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
