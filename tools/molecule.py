# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run molecule scenarios, one after the other: all of them when none is named."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tools.collection import ANSIBLE
from tools.command_line import parser
from tools.files import ROOT

SCENARIOS = ROOT / "extensions" / "molecule"


def scenarios() -> list[str]:
    return sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))


def run(name: str) -> bool:
    """One scenario's whole sequence. Its own cleanup runs in the end, whatever failed."""
    began = time.monotonic()
    print(f"── {name}", flush=True)
    done = subprocess.run(
        [f"{ANSIBLE}/molecule", "test", "--scenario-name", name],
        cwd=SCENARIOS.parent,
        env={
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            # Molecule reads the recap to tell whether the second run changed anything.
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            "ANSIBLE_COLLECTIONS_PATH": collections_path(),
            # Molecule's own place is the same for all clones, and keeps links into one that is gone.
            "MOLECULE_EPHEMERAL_DIRECTORY": str(ROOT / ".cache" / "molecule" / name),
        },
        stdin=subprocess.DEVNULL,
        check=False,
    )
    verdict = "passed" if done.returncode == 0 else f"FAILED (exit {done.returncode})"
    print(f"── {name} {verdict} in {time.monotonic() - began:.1f} s", flush=True)
    return done.returncode == 0


def collections_path() -> str:
    """The clone under its full name, and what the locked environment carries."""
    return os.pathsep.join([str(ROOT / ".ansible" / "collections"), str(Path(sys.prefix))])


def main(arguments: list[str]) -> int:
    made = parser("tools.molecule", __doc__)
    made.add_argument("names", nargs="*", metavar="SCENARIO", help="a folder of extensions/molecule")
    names = made.parse_args(arguments).names
    known = scenarios()
    if not known or (unknown := set(names) - set(known)):
        print(
            f"No such scenario: {', '.join(sorted(unknown)) if known else SCENARIOS}. There are: {known}.",
            file=sys.stderr,
        )
        return 2
    failed = [name for name in (names or known) if not run(name)]
    ran = len(names or known)
    print(f"{ran - len(failed)} of {ran} scenarios passed" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
