# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a request whose strategy shifts traffic between two target groups, in the words of the options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..scaling.model import counts_requests
from ..stages import DONE, Phase, Stage
from ..strategies.shifting import Shifting, pause_minutes
from ..strategies.table import strategy_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import RolloutRequest

_ALTERNATE = "load_balancer.alternate_target_group_arn"
_ROLE = "load_balancer.infrastructure_role_arn"
# A verdict takes a few looks more than the gate's own deadline.
_SPARE_SECONDS = 60.0
# Beside the average that a share of the users takes.
_CHANCE = 2.0


def shifting_problems(request: RolloutRequest) -> Iterator[str]:
    """What is missing for ECS to move the traffic, and times that do not fit one another."""
    bindings, deployment = request.settings.target_bindings, request.settings.deployment
    groups = {binding.target_group_arn for binding in bindings}
    if request.alternate_target_group_arn in groups:
        yield (
            f"{_ALTERNATE} is load_balancer.target_group_arn itself; name the second of two target groups, or leave it "
            "out."
        )
    shifts = isinstance(strategy_named(deployment.strategy), Shifting)
    if request.wait_until != DONE and not shifts:
        yield (
            f"wait_until is {request.wait_until}, and ECS does not wait in a deployment by {deployment.strategy}: "
            "leave it out, or deploy by a strategy that shifts traffic."
        )
    if shifts and not bindings:
        yield (
            f"deployment.strategy is {deployment.strategy}, which moves requests, and no load balancer sends any to "
            "this service: deploy it by ROLLING."
        )
    if not shifts or not bindings:
        return
    needs = f"deployment.strategy {deployment.strategy} shifts traffic and needs"
    if not request.alternate_target_group_arn:
        yield f"{needs} a second target group: set {_ALTERNATE}, or deploy by ROLLING."
    if not request.infrastructure_role_arn:
        yield f"{needs} a role by which ECS writes the listener rules: set {_ROLE}, or deploy by ROLLING."
    if request.scaling and counts_requests(request.scaling):
        yield (
            f"scaling.requests_per_target counts the requests of one target group, and {deployment.strategy} moves "
            "them to the other with every release. Scale by cpu_percent or memory_percent, or deploy by ROLLING."
        )
    yield from _stage_problems(request)
    yield from _rule_problems(request, needs)
    yield from _time_problems(request)
    yield from _share_problems(request)


def _stage_problems(request: RolloutRequest) -> Iterator[str]:
    tested = Phase(Stage.BEFORE_TRAFFIC, 0.0, request.test_url)
    for gate in request.gates:
        if gate.stages == (tested.stage,) and gate.at(tested) is None:
            yield (
                f"gate {gate.name} is to judge {tested.stage.value}, and there is no way to the release before users "
                "are there: set test_url, and a rule of traffic=test in listener_rules."
            )


def _rule_problems(request: RolloutRequest, needs: str) -> Iterator[str]:
    tests = [rule for rule in request.rules if rule.is_test]
    if len(request.rules) - len(tests) != 1:
        yield (
            f"{needs} exactly one rule in listener_rules that is not traffic=test, and there are "
            f"{len(request.rules) - len(tests)}: ECS moves users by a single rule."
        )
    if len(tests) > 1:
        yield f"{needs} one rule of traffic=test in listener_rules at most, and there are {len(tests)}."


def _time_problems(request: RolloutRequest) -> Iterator[str]:
    seconds = 60.0 * pause_minutes(request.settings.deployment)
    for gate in request.gates:
        if gate.longest_seconds + _SPARE_SECONDS > seconds:
            yield (
                f"gate {gate.name} may take {gate.longest_seconds:g} s (deadline_seconds), where ECS waits "
                f"{seconds:g} s for the verdict (deployment.pause_timeout_minutes) and then rolls back. Leave a minute "
                "between them: raise pause_timeout_minutes, or lower deadline_seconds."
            )


def _share_problems(request: RolloutRequest) -> Iterator[str]:
    """Shares of the users that are too small for their answers to come in time."""
    deployment = request.settings.deployment
    option, percent = strategy_named(deployment.strategy).first_share(deployment)
    for gate in request.gates if 0 < percent < 100 else ():
        there = gate.at(Phase(Stage.EACH_STEP, percent))
        # What comes by chance often takes much longer than on average.
        needed = _CHANCE * there.answering_seconds(percent) if there else 0.0
        if there and there.initial_delay_seconds + needed > there.longest_seconds:
            yield (
                f"gate {gate.name} needs up to {needed:g} s for its answers where {percent:g} % of the users' requests "
                f"reach the release (deployment.{option}), and has {there.longest_seconds:g} s (deadline_seconds), so "
                f"that it would refuse good releases. Raise one of the two, or take {Stage.EACH_STEP.value} out of its "
                "stages."
            )
