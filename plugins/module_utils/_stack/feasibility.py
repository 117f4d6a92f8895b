# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a plan can be carried out, and may be: refused before anything is touched, also in check mode."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._common.commands import PROVISION, TEARDOWN
from .._errors import RefusedError
from .compare import references, replacing
from .components import component_of
from .kinds import HOLDS_DATA, NAMES, PLACES, UNCHANGEABLE
from .origins import named
from .stack_policy import denies
from .unresolved import Unresolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .compare import ResourceChange
    from .plan import StackPlan

_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_MADE_UP = re.compile(r"(\$\{\w+(\.\w+)?\} ?)+")
_KEPT = {
    "Retain": "stays behind, outside of every stack",
    "RetainExceptOnCreate": "stays behind, outside of every stack",
    "Snapshot": "is deleted after a last snapshot",
}


def refuse_infeasible(plan: StackPlan, policy: Mapping[str, Any] | None, consent: Sequence[str]) -> None:
    """Raise `RefusedError` for an update that cannot be made, or that destroys what nobody gave consent to destroy.

    *policy* is the stack policy that will be in force, *consent* holds logical ids.
    """
    if plan.action != "update":
        return
    replaced = {change.logical_id: change for change in plan.resources if change.replacement == "yes"}
    component = component_of(plan.name)
    told = {change.logical_id: list(_impossible(change, replaced, policy)) for change in plan.resources}
    ports = dict(_taken_ports(plan, consent))
    impossible = [*_each_kind_once([item for found in told.values() for item in found]), *ports.values()]
    if impossible:
        concerned = [item for item in plan.resources if told[item.logical_id] or item.logical_id in ports]
        asked = named(plan.asked_by, concerned).rstrip(".")
        # Whoever keeps an inventory cannot change the template, and a new listener has another logical id already.
        other = "" if asked or not any(told.values()) else ", or give what is to be new another logical id and name"
        raise RefusedError(
            f"Stack {plan.name} was not touched, because this update cannot be made{asked and '.' + asked}: "
            f"{'; '.join(impossible)}. Put the former value back{other}."
            + _instead(component, [name for name, found in told.items() if found and name in consent]),
            impossible=impossible,
        )
    lost = [change for change in plan.resources if _loses(change) and change.logical_id not in consent]
    if lost:
        names = ",".join(f"{component}.{change.logical_id}" for change in lost)
        raise RefusedError(
            f"Stack {plan.name} was not touched, because this update takes data away: "
            f"{'; '.join(map(_loss, lost))}.{named(plan.asked_by, lost, replacing=True)} If that is meant, say so by "
            f"name: -e replace={names} (the module's consent: [{', '.join(change.logical_id for change in lost)}]).",
            needs_consent=[change.logical_id for change in lost],
        )


def _instead(component: str, consented: Sequence[str]) -> str:
    """What leads on where consent was given to what no consent makes possible."""
    if not consented:
        return ""
    names = ",".join(f"{component}.{name}" for name in consented)
    return (
        f" Consent (-e replace={names}) does not help, since CloudFormation makes the new one before it deletes the "
        f"old. If it has to be a new and empty one: set every {component}_*_protection to false and run {PROVISION} "
        f"--limit {component} with the former value; take {component} down with the components that read it, "
        f"{TEARDOWN} --limit {component},<those>; then run {PROVISION} with the new value. What the deletion leaves "
        "behind (a snapshot, a retained bucket) is read back by hand."
    )


@dataclass(frozen=True)
class _Impossible:
    """Why a change cannot be made. All of a ``kind`` have the same reason, which is then told once."""

    words: str
    kind: str = ""


def _each_kind_once(found: Sequence[_Impossible]) -> Iterator[str]:
    counts = Counter(item.kind for item in found if item.kind)
    for item in found:
        if not item.kind:
            yield item.words
        elif more := counts.pop(item.kind, 0):
            yield item.words + (f" (the same holds for {more - 1} more)" if more > 1 else "")


def _impossible(
    change: ResourceChange, replaced: Mapping[str, ResourceChange], policy: Mapping[str, Any] | None
) -> Iterator[_Impossible]:
    label = f"{change.logical_id} ({change.resource_type})"
    found = [_Impossible(f"{label}: {words}") for words in _unchangeable(change)]
    if change.replacement == "yes" and change.action == "modify":
        found += _irreplaceable(change, label, replaced)
    yield from found
    denied = _denied(change, policy)
    # A policy that allowed what cannot be made would lead nowhere.
    if denied and not found:
        yield _Impossible(
            f"{label}: the stack policy denies {denied}; allow it for LogicalResourceId/{change.logical_id} there "
            "first (stack_policy, in the vars of the component's role), and run again"
        )


def _irreplaceable(change: ResourceChange, label: str, replaced: Mapping[str, ResourceChange]) -> Iterator[_Impossible]:
    places = (replaced[name].resource_type for name in change.because if name in replaced)
    if any(place in PLACES for place in places):
        # It only follows another place, which is told.
        return
    causes = ", ".join(_causes(change))
    if change.resource_type in PLACES:
        words = f"{label} would be replaced because of {causes}, and {PLACES[change.resource_type]}"
        yield _Impossible(words, change.resource_type)
    elif name := _fixed_name(change, set(replaced)):
        yield _Impossible(
            f"{label} would be replaced because of {causes}, and the new one could not {name} while the old one "
            "is there"
        )


def _taken_ports(plan: StackPlan, consent: Sequence[str]) -> Iterator[tuple[str, str]]:
    """New listeners whose port another holds, by logical id, in words: CloudFormation deletes the other later.

    Consent to the loss of the other says that it is deleted already.
    """
    listeners = [change for change in plan.resources if change.resource_type == _LISTENER]
    going = {_port(change): change.logical_id for change in listeners if change.action == "remove"}
    for change in listeners:
        other = going.get(_port(change), "") if change.action == "add" else ""
        if other and other not in consent:
            words = (
                f"{change.logical_id} ({_LISTENER}) takes port {_port(change)[1]}, which {other} holds to the end of "
                "the update; delete that listener first (aws elbv2 delete-listener), then say so by -e "
                f"replace={component_of(plan.name)}.{other}"
            )
            yield change.logical_id, words


def _port(change: ResourceChange) -> tuple[str, str]:
    properties = change.body.get("Properties", {})
    return str(properties.get("LoadBalancerArn")), str(properties.get("Port"))


def _unchangeable(change: ResourceChange) -> Iterator[str]:
    for item in change.properties:
        known = UNCHANGEABLE.get((change.resource_type, item.path.removeprefix("Properties.")))
        literal = all(isinstance(side, str) and not isinstance(side, Unresolved) for side in (item.before, item.after))
        if known and literal and known[0](item.before, item.after):
            yield f"{item.path} cannot go from {item.before} to {item.after}, since {known[1]}"


def _causes(change: ResourceChange) -> list[str]:
    return [f"{item.path} ({item.before} to {item.after})" for item in replacing(change)] + [
        f"{name}, which is replaced" for name in change.because
    ]


def _fixed_name(change: ResourceChange, replaced: set[str]) -> str:
    """What only one of them can do, as the name is; empty when the old and the new one can live side by side."""
    properties = change.body.get("Properties", {})
    names = NAMES.get(change.resource_type, ())
    values = [properties.get(name) for name in names]
    changed = {item.path.removeprefix("Properties.").split("[")[0].split(".")[0] for item in change.properties}
    if not names or None in values or changed & set(names) or any(references(value) & replaced for value in values):
        return ""
    told = " ".join(map(str, values))
    # What AWS makes up says nothing to whoever reads it.
    return f"have its {' and '.join(names)}" if _MADE_UP.fullmatch(told) else f"be called {told}"


def _denied(change: ResourceChange, policy: Mapping[str, Any] | None) -> str:
    """The action that the policy denies; empty when the update may be made. New resources are not asked about."""
    touched = change.because or any(item.path.startswith("Properties.") for item in change.properties)
    if change.action == "add" or (change.action == "modify" and not touched):
        return ""
    if change.action == "remove":
        actions = ["Update:Delete"]
    else:
        kinds = {"yes": ["Replace"], "no": ["Modify"]}.get(change.replacement, ["Modify", "Replace"])
        actions = [f"Update:{kind}" for kind in kinds]
    denied = [action for action in actions if denies(policy, action, change.logical_id, change.resource_type)]
    # Where it is not known which of the two it will be, only both being denied makes it impossible.
    return " and ".join(denied) if len(denied) == len(actions) else ""


def _loses(change: ResourceChange) -> bool:
    goes = change.action == "remove" or (change.action == "modify" and change.replacement != "no")
    return goes and change.resource_type in HOLDS_DATA


def _loss(change: ResourceChange) -> str:
    label = f"{change.logical_id} ({change.resource_type})"
    data = HOLDS_DATA[change.resource_type]
    if change.action == "remove":
        fate = _KEPT.get(change.body.get("DeletionPolicy", ""), f"is deleted with {data}")
        return f"{label} is removed from the stack; it {fate}"
    fate = _KEPT.get(change.body.get("UpdateReplacePolicy", ""), f"is deleted with {data}")
    sure = "is" if change.replacement == "yes" else "may be"
    return f"{label} {sure} replaced by a new and empty one because of {', '.join(_causes(change))}; the old one {fate}"
