# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run molecule scenarios, one after the other: all of them when none is named.

They share a sandbox, which is emptied before each. A scenario that molecule runs alone starts one for itself.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools.collection import ANSIBLE
from tools.command_line import parser
from tools.files import ROOT

SCENARIOS = ROOT / "extensions" / "molecule"
# Molecule asks for these before every playbook and every scenario, which takes as long as most of what it plays.
ASKED = (("ansible", "--version"), ("ansible-playbook", "--version"), ("ansible-config", "dump"))
ANSWERING = """\
#!/bin/sh
if [ "$*" = {question} ]; then
    exec cat {answer}
fi
exec {program} "$@"
"""


def programs() -> Path:
    return ROOT / ".cache" / "molecule-programs"


def scenarios() -> list[str]:
    return sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))


@contextmanager
def sandbox() -> Iterator[str]:
    """The name of a sandbox of this clone's, which ends with the context."""
    name = f"molecule-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
    try:
        # IAM is enforced, and AWS's waits pass as fast, as in extensions/molecule/shared/create.yml.
        ask("up", name, {**os.environ, "AUTH": "true", "SANDBOX_TIME_SCALE": "3"})
        yield name
    finally:
        ask("down", name)


def ask(verb: str, sandbox_name: str, environment: Mapping[str, str] | None = None) -> None:
    command = [sys.executable, "-m", "sandbox", verb, "--name", sandbox_name]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def answering(folder: Path) -> None:
    """Make programs that answer what molecule asks again and again, and otherwise run Ansible's."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, question in ASKED:
        program, answer = f"{ANSIBLE}/{name}", folder / f"{name}.txt"
        with answer.open("wb") as output:
            subprocess.run(
                [program, question], cwd=SCENARIOS.parent, env=ansible_variables(), stdout=output, check=True
            )
        words = {"question": question, "answer": str(answer), "program": program}
        script = ANSWERING.format(**{key: shlex.quote(word) for key, word in words.items()})
        (folder / name).write_text(script, encoding="utf-8")
        (folder / name).chmod(0o755)


def run(name: str, sandbox_name: str) -> bool:
    """One scenario's whole sequence in an empty sandbox. Its own cleanup runs in the end, whatever failed."""
    began = time.monotonic()
    print(f"── {name}", flush=True)
    # Molecule's own place is the same for all clones, and keeps links into one that is gone.
    place = ROOT / ".cache" / "molecule" / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    # The sandbox is there: molecule has nothing to create, and does not end it.
    (place / "state.yml").write_text("created: true\n")
    ask("reset", sandbox_name)
    code = molecule("test", "--destroy", "never", name=name, sandbox_name=sandbox_name)
    if code != 0:
        molecule("cleanup", name=name, sandbox_name=sandbox_name)
    verdict = "passed" if code == 0 else f"FAILED (exit {code})"
    print(f"── {name} {verdict} in {time.monotonic() - began:.1f} s", flush=True)
    return code == 0


def molecule(*words: str, name: str, sandbox_name: str) -> int:
    """Run one of molecule's commands for a scenario; its exit code."""
    return subprocess.run(
        [f"{ANSIBLE}/molecule", *words, "--scenario-name", name],
        cwd=SCENARIOS.parent,
        env={
            **ansible_variables(),
            "PATH": f"{programs()}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "MOLECULE_SANDBOX": sandbox_name,
            "MOLECULE_EPHEMERAL_DIRECTORY": str(ROOT / ".cache" / "molecule" / name),
        },
        stdin=subprocess.DEVNULL,
        check=False,
    ).returncode


def ansible_variables() -> dict[str, str]:
    return {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        # Molecule reads the recap to tell whether the second run changed anything.
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        "ANSIBLE_COLLECTIONS_PATH": collections_path(),
    }


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
    try:
        answering(programs())
        with sandbox() as shared:
            failed = [name for name in (names or known) if not run(name, shared)]
    except subprocess.CalledProcessError as error:
        return error.returncode  # it has said itself what is wrong
    ran = len(names or known)
    print(f"{ran - len(failed)} of {ran} scenarios passed" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
