# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables of the inventory ask for which changes: what is planned otherwise when one has its former value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._errors import RequestError
from .compare import EXISTENCE, compare, places
from .template import evaluate
from .unresolved import Unresolved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .compare import Place, ResourceChange
    from .template import Model
    from .types import StackRequest, Template

Origins = Mapping[str, frozenset["Place"]]


def origins(
    request: StackRequest,
    template: Template,
    parameters: Mapping[str, str],
    stored: Mapping[str, str],
    planned: tuple[Model, Sequence[ResourceChange], Mapping[str, str]],
) -> Origins:
    """What each variable that differs from the *stored* value touches.

    *planned* is the former model, the changes that turn it into the wanted one, and the pseudo parameters.
    """
    former, changes, pseudo = planned
    wanted = _marks(changes)
    found: dict[str, frozenset[Place]] = {}
    for key in _differing(request, parameters, stored):
        try:
            without = compare(former, evaluate(template, {**parameters, key: stored[key]}, pseudo))
        except RequestError:
            # Not by itself at its former value: it may touch everything.
            touched = frozenset(place for place, _mark in wanted)
        else:
            touched = frozenset(place for place, _mark in wanted - _marks(without))
        variable = request.sources[key]
        found[variable] = found.get(variable, frozenset()) | touched
    return found


def _differing(request: StackRequest, parameters: Mapping[str, str], stored: Mapping[str, str]) -> list[str]:
    return [
        key
        for key in request.sources
        if key in parameters
        and key in stored
        and parameters[key] != stored[key]
        and not isinstance(parameters[key], Unresolved)
        and not isinstance(stored[key], Unresolved)
    ]


def _marks(changes: Sequence[ResourceChange]) -> frozenset[tuple[Place, Any]]:
    """Every place that changes, with what tells this change from another at the same place."""
    existence = {((change.logical_id, EXISTENCE), (change.action, change.because)) for change in changes}
    values = {
        ((change.logical_id, item.path), repr((item.before, item.after)))
        for change in changes
        for item in change.properties
    }
    return frozenset(existence | values)


def named(asked_by: Origins, changes: Sequence[ResourceChange], *, replacing: bool = False) -> str:
    """A sentence with the variables that ask for these changes; empty when none does.

    With *replacing* only properties count whose change replaces their resource. When no variable alone takes any of it
    back, all are named.
    """
    wanted = {place for change in changes for place in places(change, replacing_only=replacing)}
    those = [variable for variable, touched in asked_by.items() if touched & wanted] or list(asked_by)
    return f" It comes of {', '.join(those)}." if those else ""
