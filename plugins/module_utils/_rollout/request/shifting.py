# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a request whose strategy shifts traffic between two target groups, in the words of the options."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..scaling.model import counts_requests
from ..stages import DONE, PAUSED, Phase, Stage
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
    yield from _ending_problems(request)
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


def _ending_problems(request: RolloutRequest) -> Iterator[str]:
    """Why the run could not end where it is to wait until."""
    until, strategy = request.wait_until, strategy_named(request.settings.deployment.strategy)
    if until == DONE:
        return
    if not isinstance(strategy, Shifting):
        yield (
            f"wait_until is {until}, and ECS does not wait in a deployment by {strategy.name}: leave it out, or deploy "
            "by a strategy that shifts traffic."
        )
    elif until != PAUSED and Stage(until) not in strategy.stages:
        yield (
            f"wait_until is {until}, a stage that a deployment by {strategy.name} does not have: name another, "
            f"{PAUSED}, or leave it out."
        )


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
    if request.test_url and not tests:
        yield "test_url is given, and no rule in listener_rules is traffic=test, by which requests to it would come in."
    if request.test_url and urlsplit(request.test_url).scheme not in ("http", "https"):
        yield f"test_url {request.test_url!r} is no http or https address."
    if len(tests) > 1:
        yield f"{needs} one rule of traffic=test in listener_rules at most, and there are {len(tests)}."


def _time_problems(request: RolloutRequest) -> Iterator[str]:
    seconds = 60.0 * pause_minutes(request.settings.deployment)
    for gate in request.gates:
        if gate.longest_seconds + _SPARE_SECONDS > seconds:
            extends = gate.longest_seconds != gate.deadline_seconds
            twice = " twice, for on_inconclusive=extend" if extends else ""
            other = ", or do without extend (of probed paths ecs_rollout_on_inconclusive)" if extends else ""
            yield (
                f"gate {gate.name} may take {gate.longest_seconds:g} s (deadline_seconds{twice}), where ECS waits "
                f"{seconds:g} s for the verdict (deployment.pause_timeout_minutes) and then rolls back. Leave a minute "
                f"between them: raise pause_timeout_minutes, or lower deadline_seconds{other}."
            )


def _share_problems(request: RolloutRequest) -> Iterator[str]:
    """Shares of the users too small, of either version, for its answers to come in time."""
    deployment = request.settings.deployment
    strategy = strategy_named(deployment.strategy)
    option, first = strategy.first_share(deployment)
    shares = sorted({share for share in (first, strategy.last_share(deployment)) if 0 < share < 100})
    for gate, percent in ((gate, percent) for gate in request.gates for percent in shares):
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
