# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that messages advise, whole, so that they can be copied. Whose inventory it is, the reader knows.

They name playbooks as a clone has them. Where a run ends, `renamed` gives them the names that work for that run.
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
ROLL_BACK_TO = "ansible-playbook -i <inventory> playbooks/rollback.yml -e version={version}"

_PLAYBOOK = re.compile(r"(?<=ansible-playbook -i )(\S+) (?:playbooks/)?([a-z_]+)\.yml\b")


def renamed(told: Any, name: Callable[[str], str]) -> Any:
    """*told*, with the playbooks of all commands in it named by *name*, which is given a verb such as ``deploy``.

    *told* is a text, or mappings and lists of such; whatever else it holds stays as it is.
    """
    if isinstance(told, str):
        return _PLAYBOOK.sub(lambda found: f"{found[1]} {name(found[2])}", told)
    if isinstance(told, dict):
        return {key: renamed(value, name) for key, value in told.items()}
    if isinstance(told, (list, tuple)):
        return [renamed(value, name) for value in told]
    return told
