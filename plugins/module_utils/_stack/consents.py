# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Consent that somebody gave by the names of resources: each has to be in the stack."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from .._errors import RequestError
from .components import component_of
from .status import Standing, standing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .plan import StackPlan
    from .ports import Ports
    from .types import StackRequest, StackSnapshot


def refuse_strange_consent(request: StackRequest, snapshot: StackSnapshot | None, ports: Ports) -> None:
    """Raise `RequestError` for consent that names what neither the template nor the stack has."""
    given = {"replace (consent)": request.consent, "skip_rollback": request.skip_rollback}
    known = set((request.template or {}).get("Resources", {}))
    stands = snapshot is not None and standing(snapshot.status) not in {Standing.ABSENT, Standing.STILLBORN}
    if snapshot and stands and strange_among((*request.consent, *request.skip_rollback), known):
        known |= set(ports.stacks.get_template(snapshot.stack_id).get("Resources", {}))
        known |= {item.logical_id for item in ports.stacks.list_stack_resources(snapshot.stack_id)}
    found = [
        f"{option} names {strange_words(strange, known)}"
        for option, names in given.items()
        if (strange := strange_among(names, known))
    ]
    if found:
        raise RequestError(
            f"Stack {request.name} was not touched: {'; '.join(found)}. Neither its template nor the stack has that. "
            "Correct the name, and run again."
        )


def strange_among(names: Iterable[str], known: Collection[str]) -> list[str]:
    """Those of *names* that are not known, in their order."""
    return [name for name in dict.fromkeys(names) if name not in known]


def strange_words(names: Iterable[str], known: Iterable[str]) -> str:
    """Names that nobody knows, each with the nearest that somebody does."""
    by_letters = {name.casefold(): name for name in sorted(known)}
    near = {name: get_close_matches(name.casefold(), list(by_letters), n=1, cutoff=0.0) for name in names}
    return ", ".join(
        f"{name} (the nearest is {by_letters[found[0]]})" if found else name for name, found in near.items()
    )


def needless_consent(request: StackRequest, plan: StackPlan) -> list[str]:
    """What to warn of: consent to lose what the plan neither replaces nor removes."""
    lost = {
        change.logical_id
        for change in plan.resources
        if change.action == "remove" or (change.action == "modify" and change.replacement != "no")
    }
    needless = strange_among(request.consent, lost)
    if not needless:
        return []
    component = component_of(request.name)
    names = ",".join(f"{component}.{name}" for name in needless)
    words = (
        f"Consent to replace {', '.join(needless)} (-e replace={names}) was not needed: the plan of stack "
        f"{request.name} neither replaces nor removes it. Leave it out, so that it allows nothing later."
    )
    return [words]
