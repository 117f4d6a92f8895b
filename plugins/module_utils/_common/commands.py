# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that messages advise, whole, so that they can be copied. Whose inventory it is, the reader knows.

They name playbooks as a clone has them, and no inventory. Where a run ends, `renamed` gives them the names that work
for that run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

FIND_DRIFT = "ansible-playbook -i <inventory> playbooks/drift.yml"
DEPLOY = "ansible-playbook -i <inventory> playbooks/deploy.yml -e version={version}"
PROMOTE = "ansible-playbook -i <inventory> playbooks/promote.yml -e version={version}"
PUBLISH = "ansible-playbook -i <inventory> playbooks/publish.yml"
PROVISION = "ansible-playbook -i <inventory> site.yml"
PROVISION_REGISTRY = "ansible-playbook -i <inventory> site.yml --limit ecr"
TEARDOWN = "ansible-playbook -i <inventory> playbooks/teardown.yml -e confirm=<environment>"
ROLL_BACK = "ansible-playbook -i <inventory> playbooks/rollback.yml"
APPROVE = "ansible-playbook -i <inventory> playbooks/approve.yml -e version={version} -e answer=yes"
JUDGE = "ansible-playbook -i <inventory> playbooks/judge.yml"
ROLL_BACK_TO = "ansible-playbook -i <inventory> playbooks/rollback.yml -e version={version}"

_COMMAND = re.compile(r"ansible-playbook (-i \S+) (?:playbooks/)?([a-z_]+)\.yml\b")
_ANY_INVENTORY = "-i <inventory>"


def renamed(told: Any, name: Callable[[str], str], inventory: str = _ANY_INVENTORY, environment: str = "") -> Any:
    """*told*, with all commands in it as they work for a run.

    *name* names a playbook by its verb, such as ``deploy``; *inventory* are the options that name the run's inventory;
    *environment* is the name of its environment, where it is known. *told* is a text, or mappings and lists of such;
    whatever else it holds stays as it is.
    """
    if isinstance(told, str):
        confirmed = told.replace("confirm=<environment>", f"confirm={environment}") if environment else told
        return _COMMAND.sub(
            lambda found: f"ansible-playbook {inventory if found[1] == _ANY_INVENTORY else found[1]} {name(found[2])}",
            confirmed,
        )
    if isinstance(told, dict):
        return {key: renamed(value, name, inventory, environment) for key, value in told.items()}
    if isinstance(told, (list, tuple)):
        return [renamed(value, name, inventory, environment) for value in told]
    return told
