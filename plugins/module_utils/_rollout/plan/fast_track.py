# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fast track of a rollback: what this very revision has passed before is not asked again at length. Pure.

A release that was accepted here has shown what it can do. Going back to it, the gates that look at what stands and send
requests ask whether it is there and answers; the others are left out, and the record says so. ECS keeps no share of the
users for longer than its work takes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..._common.verdict import Verdict
from ..._release.record import ROLLBACK, is_same_release, newest_first
from ..strategies.table import find_strategy

if TYPE_CHECKING:
    from ..._release.record import Measurement, Release
    from ..gates.model import Gate
    from ..request.model import RolloutRequest

# How long a gate measures that is asked again.
_SHORT_SECONDS = 3.0


def fast_tracked(request: RolloutRequest, history: tuple[Release, ...], release: Release | None) -> RolloutRequest:
    """*request* on the fast track to the recorded *release* that it goes back to; as it is where there is none."""
    if request.kind != ROLLBACK or release is None:
        return request
    before = passed_before(history, release)
    passed = {gate.name: found for gate in request.gates if (found := _passed(gate, before))}
    left_out = [gate for gate in request.gates if gate.name in passed and not gate.repeats]
    return replace(
        request,
        gates=tuple(_short(gate, passed) for gate in request.gates if gate not in left_out),
        passed_before=(*request.passed_before, *(_not_asked(passed[gate.name]) for gate in left_out)),
        settings=_without_bakes(request),
        settings_after=request.lasting_settings,
    )


def passed_before(history: tuple[Release, ...], release: Release) -> tuple[Measurement, ...]:
    """What *release* passed here by gates that decided, the newest first."""
    accepted = (past for past in newest_first(history) if past.succeeded and is_same_release(past, release))
    gates = (gate for past in accepted for gate in past.gates)
    return tuple(gate for gate in gates if gate.verdict is Verdict.HEALTHY and not gate.dry_run)


def _passed(gate: Gate[Any], before: tuple[Measurement, ...]) -> Measurement | None:
    """The newest measurement by which *gate* was passed *before*; None when there is none.

    One that will not be asked again must have asked for the same: limits may have changed since.
    """
    named = (measured for measured in before if measured.gate == gate.name)
    return next((measured for measured in named if gate.repeats or measured.expected == gate.expected()), None)


def _short(gate: Gate[Any], passed: dict[str, Measurement]) -> Gate[Any]:
    return gate.short(_SHORT_SECONDS) if gate.name in passed and gate.repeats else gate


def _not_asked(passed: Measurement) -> Measurement:
    seen = f"not asked again: this revision passed it at {passed.finished_at} ({passed.seen})"
    return replace(passed, seen=seen, dry_run=True)


def _without_bakes(request: RolloutRequest) -> Any:
    deployment = request.settings.deployment
    strategy = find_strategy(deployment.strategy)
    quick = strategy.without_bakes(deployment) if strategy else deployment
    return replace(request.settings, deployment=quick)
