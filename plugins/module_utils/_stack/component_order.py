# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which components read which, and whether they can be made and removed in the order of the inventory. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from .._errors import RequestError

#: What the template of each component reads, whatever an inventory says: a stack is not deleted under another.
TEMPLATES_READ: Mapping[str, tuple[str, ...]] = {
    "bootstrap": (),
    "network": (),
    "iam": (),
    "ecr": (),
    "rds": ("network",),
    "ecs": ("network",),
    "service": ("ecr", "rds", "ecs"),
    "appsync": ("network", "ecs"),
    "edge": (),
    "cloudfront": ("edge", "ecs"),
    "cloudwatch": ("network", "rds", "ecs"),
    "backup": ("rds", "cloudwatch"),
    "codepipeline": (),
    # No component, but a copy of a backup that restore.yml made.
    "restore": ("network", "rds", "service"),
}


def order_problem(depends_on: Any) -> str:
    """Why the components cannot be made and removed in their order, in a sentence; an empty text when they can.

    *depends_on* maps each component to those that it reads, in the order of the inventory. A component stands below
    those that it reads. Otherwise some would wait in vain while they are made, and be deleted after what they stand on.
    """
    if not isinstance(depends_on, Mapping):
        return f"The components that each component reads are {depends_on!r}, which is no mapping."
    for name, read in depends_on.items():
        if read is not None and not isinstance(read, list | tuple):
            return f"fastbreak_depends_on of {name} is {read!r}, which is no list. Write a list, like [network]."
        if strange := [other for other in read or [] if not isinstance(other, str) or other not in depends_on]:
            known = ", ".join(map(str, depends_on))
            return (
                f"fastbreak_depends_on of {name} names {strange[0]!r}, which is no component of the inventory "
                f"(hosts.yml). It has {known}."
            )
    return _circle(depends_on) or _misplaced(depends_on)


def dependants(depends_on: Any, component: Any) -> list[str]:
    """The components that read *component*, by the inventory and by the templates; see `order_problem` for the former.

    Raises `RequestError` for an order that cannot be.
    """
    if problem := order_problem(depends_on):
        raise RequestError(f"Tried to find what reads {component}. {problem}")
    named = [name for name, read in depends_on.items() if component in (read or [])]
    return list(dict.fromkeys([*named, *(name for name, read in TEMPLATES_READ.items() if component in read)]))


def _reads(depends_on: Mapping[str, Any], name: str) -> list[str]:
    """What a component reads of those that there are."""
    by_template = [other for other in TEMPLATES_READ.get(name, ()) if other in depends_on]
    return list(dict.fromkeys([*(depends_on[name] or []), *by_template]))


def _circle(depends_on: Mapping[str, Any]) -> str:
    try:
        TopologicalSorter({name: _reads(depends_on, name) for name in depends_on}).prepare()
    except CycleError as error:
        # Each of them is read by the next.
        told = ", which reads ".join(reversed(error.args[1]))
        return (
            f"{told}: none could be made before the others. Take what is wrong out of fastbreak_depends_on (hosts.yml)."
        )
    return ""


def _misplaced(depends_on: Mapping[str, Any]) -> str:
    above: list[str] = []
    for name in depends_on:
        for other in _reads(depends_on, name):
            if other not in above:
                return (
                    f"{name} reads {other}, which stands below it in the inventory (hosts.yml). Keep a component below "
                    "everything that it reads."
                )
        above.append(name)
    return ""
