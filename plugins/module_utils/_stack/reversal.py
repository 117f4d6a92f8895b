# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether drift can be taken back, and may be: judged before anything is touched, also in check mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._common.commands import PROVISION
from .._common.way_back import keep_key
from .._errors import RefusedError
from .components import component_of
from .kinds import HOLDS_DATA, KEYS, PLACES
from .replacement import replacement
from .stack_policy import denies
from .types import Reversal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .types import ResourceDrift


def predict(drift: ResourceDrift) -> Reversal:
    """What bringing the resource back will do to it, as far as its type's schema tells."""
    if drift.status == "DELETED":
        return Reversal(drift.logical_id, drift.resource_type, "add", "no", drift.physical_id)
    kinds = {replacement(drift.resource_type, _dotted(path)) for path, _expected, _actual in drift.differences}
    worst = next((kind for kind in ("yes", "maybe", "unknown") if kind in kinds), "no")
    return Reversal(drift.logical_id, drift.resource_type, "modify", worst)


def refuse_reversals(
    name: str, reversals: Sequence[Reversal], policy: Mapping[str, Any] | None, consent: Sequence[str]
) -> None:
    """Raise `RefusedError` for what the stack policy denies, what cannot be recreated, and data nobody consented to
    give up. *consent* holds logical ids.
    """
    impossible = [words for reversal in reversals for words in _impossible(reversal, policy)]
    if impossible:
        raise RefusedError(
            f"The drift of stack {name} was not repaired, and nothing was touched: {'; '.join(impossible)}.",
            impossible=impossible,
        )
    lost = [item for item in reversals if _loses(item) and item.logical_id not in consent]
    if lost:
        names = ",".join(f"{component_of(name)}.{item.logical_id}" for item in lost)
        raise RefusedError(
            f"The drift of stack {name} was not repaired, and nothing was touched: {'; '.join(map(_loss, lost))}. If "
            f"that is meant, say so by name: -e replace={names} (the module's consent: "
            f"[{', '.join(item.logical_id for item in lost)}]).",
            needs_consent=[item.logical_id for item in lost],
        )


def refuse_growth(name: str, grown: Sequence[ResourceDrift]) -> None:
    """Raise `RefusedError` when CloudFormation would also try to shrink what grew by itself."""
    if not grown:
        return
    told = "; ".join(
        f"{drift.logical_id} has {actual} GiB by now, and the template says {expected}"
        for drift in grown
        for _path, expected, actual in drift.differences
    )
    raise RefusedError(
        f"The drift of stack {name} was not repaired, and nothing was touched: {told}. Storage never shrinks, and "
        f"CloudFormation would try it. Set rds_allocated_storage to what is there, apply that ({PROVISION}), and run "
        "again."
    )


def _dotted(path: str) -> str:
    return ".".join(part for part in path.strip("/").split("/") if not part.isdecimal())


def _impossible(reversal: Reversal, policy: Mapping[str, Any] | None) -> Iterator[str]:
    label = f"{reversal.logical_id} ({reversal.resource_type})"
    replaced = reversal.action == "modify" and reversal.replacement == "yes"
    if replaced and reversal.resource_type in PLACES:
        yield f"{label} would be replaced, and {PLACES[reversal.resource_type]}"
    action = "Update:Replace" if replaced else "Update:Modify"
    if reversal.action == "modify" and denies(policy, action, reversal.logical_id, reversal.resource_type):
        yield f"{label}: the stack policy denies {action}; allow it there first, in the role that sets it"


def _loses(reversal: Reversal) -> bool:
    anew = reversal.action == "add" or reversal.replacement != "no"
    return anew and reversal.resource_type in HOLDS_DATA


def _loss(reversal: Reversal) -> str:
    label = f"{reversal.logical_id} ({reversal.resource_type})"
    if reversal.action == "add":
        kept = f". {keep_key(reversal.physical_id)}" if reversal.resource_type in KEYS and reversal.physical_id else ""
        lost = HOLDS_DATA[reversal.resource_type]
        return f"{label} was deleted with {lost}, and would be recreated without them{kept}"
    certain = "would" if reversal.replacement == "yes" else "may"
    return f"{label} {certain} be replaced, and with it {HOLDS_DATA[reversal.resource_type]}"
