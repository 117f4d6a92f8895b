# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory's variables against those that the collection's roles know."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ..module_utils._common.variable_names import misspelt
from ..module_utils._errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLES = Path(__file__).parents[2] / "roles"
# Components are few; an inventory of somebody else's may have hosts without number.
_MOST_HOSTS, _MOST_TOLD = 50, 5


def known_variables(roles: Path = ROLES) -> set[str]:
    """Every input of every role, as their argument specs say."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    known: set[str] = set()
    for path in roles.glob("*/meta/argument_specs.yml"):
        specs = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)["argument_specs"]  # noqa: S506 - both are safe
        known.update(*(entry.get("options") or {} for entry in specs.values()))
    return known


def insist_on_known_variables(task_vars: Mapping[str, Any], roles: Path = ROLES) -> None:
    """Raise RequestError when a variable of the run or of a host is near to one of ours, and none of ours."""
    hosts = task_vars.get("hostvars") or {}
    names = set(task_vars).union(*(hosts[name] for name in islice(hosts, _MOST_HOSTS)))
    found = misspelt(map(str, names), known_variables(roles))
    if not found:
        return
    told = [f"{name} is no variable of the collection; the nearest is {near}" for name, near in found.items()]
    more = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
    raise RequestError(
        f"Nothing was touched. {'; '.join(told[:_MOST_TOLD])}{more}. Correct what was meant, and call a variable of "
        "your own something else.",
        misspelt=found,
    )
