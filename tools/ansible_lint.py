# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ansible-lint, after one run of Ansible has checked the syntax of all playbooks and roles.

By itself it starts Ansible for each of them, which takes longer than all of its rules. When all can be read, a program
that knows so answers instead. When one cannot, ansible-lint finds out which, as always.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.collection import ANSIBLE
from tools.command_line import parser
from tools.files import ROOT, project_files

NO_PLAYBOOKS = ("molecule.yml", "requirements.yml")
ROLE = """
---
- name: Temporary playbook for role syntax check
  hosts: localhost
  tasks:
    - ansible.builtin.import_role:
        name: {role}
"""
"""The playbook that ansible-lint makes of a role to check it."""
KNOWING = """\
#!/bin/sh
case "$# $1 $2" in
"3 --syntax-check -vv") asked=$3 ;;
"2 --syntax-check $2") asked=$2 ;;
*) exec {program} "$@" ;;
esac
grep --fixed-strings --line-regexp --quiet --regexp="$asked" {known} && exit 0
for role in {roles}/*; do
    cmp --silent -- "$asked" "$role" && exit 0
done
exec {program} "$@"
"""


def playbooks() -> list[str]:
    """The project's playbooks, as ansible-lint names them."""
    found = project_files("site.yml", "playbooks/*.yml", "extensions/molecule/*.yml")
    scenarios = ROOT / "extensions" / "molecule"
    shared = [path for path in found if (ROOT / path).is_relative_to(scenarios / "shared")]
    return [str(path) for path in found if path.name not in NO_PLAYBOOKS and path not in shared]


def roles() -> list[str]:
    """The project's roles, as ansible-lint names them."""
    return sorted({str(Path(*path.parts[:2])) for path in project_files("roles/*.yml") if len(path.parts) > 2})


def put_before_ansible(folder: Path, names: list[str], of_roles: list[str]) -> None:
    """Make an ansible-playbook that says at once what can be read, if all can, and otherwise is Ansible's."""
    program, known, plays = folder / "ansible-playbook", folder / "known", folder / "roles"
    plays.mkdir()
    for role in of_roles:
        (plays / f"{Path(role).name}.yml").write_text(ROLE.format(role=role), encoding="utf-8")
    command = [f"{ANSIBLE}/ansible-playbook", "--syntax-check", *names, *sorted(map(str, plays.iterdir()))]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        return
    known.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    words = {"known": str(known), "roles": str(plays), "program": f"{ANSIBLE}/ansible-playbook"}
    program.write_text(KNOWING.format(**{key: shlex.quote(word) for key, word in words.items()}), encoding="utf-8")
    program.chmod(0o755)


def main(arguments: list[str]) -> int:
    made = parser("tools.ansible_lint", __doc__)
    made.add_argument("files", nargs="*", metavar="FILE", help="all of the project's, when none is named")
    files = made.parse_args(arguments).files
    with tempfile.TemporaryDirectory(prefix="fastbreak-lint-") as folder:
        put_before_ansible(Path(folder), playbooks(), roles())
        path = os.pathsep.join([folder, ANSIBLE, os.environ.get("PATH", os.defpath)])
        command = [f"{ANSIBLE}/ansible-lint", "--strict", "--nocolor", *files]
        return subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
