# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How this run was started, so that the commands that it advises can be started in the same way."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import context

from ..module_utils._common.commands import renamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COLLECTION = "fastbreak.aws"
ROOT = Path(__file__).resolve().parents[2]
"""The collection's folder, in a clone or where it is installed."""
WHOLE = "site"
"""The playbook that a clone has at its root too."""
_PLAIN = re.compile(r"[a-z][a-z0-9-]*")


def playbook_name(verb: str, started: Sequence[str] | None = None, root: Path = ROOT) -> str:
    """What to call the collection's playbook *verb* after ``ansible-playbook``.

    *started* are the playbooks that this run was given, by default as the command line has them. When one of them is a
    file of ours, the answer is its neighbour's path; otherwise it is a full name, which works wherever the collection
    is found.
    """
    for given in _arguments() if started is None else started:
        path = Path(given)
        if not path.exists():
            continue
        folder = path.resolve().parent
        if folder == root / "playbooks":
            above = path.parent.parent if path.parent.name == "playbooks" else path.parent / os.pardir
            whole = above / f"{WHOLE}.yml"
            return str(whole if verb == WHOLE and whole.is_file() else path.with_name(f"{verb}.yml"))
        if folder == root and path.stem == WHOLE:
            return str(path if verb == WHOLE else path.parent / "playbooks" / f"{verb}.yml")
    return f"{COLLECTION}.{verb}"


def command_to_run(verb: str, inventories: Iterable[str]) -> str:
    """The command that runs the playbook *verb* with the inventories of this run."""
    return f"ansible-playbook {_options(inventories)} {_shell_name(verb)}"


def as_started(told: Any, environment: Any = "") -> Any:
    """*told*, with the commands in it as this run was started, so that they can be pasted.

    *environment* is the name of the inventory's environment, where it is known.
    """
    known = environment if isinstance(environment, str) and _PLAIN.fullmatch(environment) else ""
    return renamed(told, _shell_name, _options(_given("inventory")), known)


def _shell_name(verb: str) -> str:
    return shlex.quote(playbook_name(verb))


def _options(inventories: Iterable[str]) -> str:
    return " ".join(f"-i {shlex.quote(_short(name))}" for name in inventories if _is_there(name)) or "-i <inventory>"


def _is_there(inventory: str) -> bool:
    """Whether an inventory is more than Ansible's own default, which mostly is no file."""
    return "," in inventory or Path(inventory).exists()


def _arguments() -> Sequence[str]:
    return _given("args")


def _given(name: str) -> Sequence[str]:
    given: Sequence[str] = context.CLIARGS.get(name) or ()
    return [str(item) for item in ([given] if isinstance(given, str) else given)]


def _short(inventory: str) -> str:
    """An inventory as it can be named from here: Ansible makes its path absolute."""
    if "," in inventory:
        return inventory
    relative = os.path.relpath(inventory)
    return inventory if relative.startswith(os.pardir) else relative
