# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listener rules of a release whose traffic ECS moves: their weights are ECS's, their conditions and tags ours.

ECS wants its rules to stand before the service is created. One that is new lets nobody in until the release was judged
by test traffic.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..request.orientation import place, with_rules
from ..service.rules import same_conditions, warming, with_waiting, written
from ..strategies.table import strategy_named
from .traffic import Traffic

if TYPE_CHECKING:
    from ..plan.read import Facts
    from ..service.rules import StandingRule
    from ..session import Session
    from ..values import ListenerRule


class ShiftedTraffic(Traffic):
    """The production rule and the test rule of a service whose traffic is shifted."""

    def attach(self) -> None:
        """Have both target groups health-checked, by rules that stand, and tell the request which rules these are."""
        for wanted in self._session.request.rules:
            there = self._standing.get(place(wanted))
            if there is None:
                self._make(wanted)
            elif wanted.is_test:
                self._set_conditions(there, wanted)
            elif (attached := with_waiting(there, self._session.request.target_group_arns)) != there:
                self._put(attached)
                self._session.say(f"{attached.name} has the load balancer check the health of both target groups")
        self._session.aim(with_rules(self._session.request, self._standing.values()))

    def open(self) -> None:
        """Let in whom the wanted rules let in, and drop the others. Can be tried again."""
        if self.moved:
            return
        for wanted in self._plan.rules:
            self._set_conditions(self._standing[place(wanted)], wanted)
        self._own()
        self.moved = True

    def close(self) -> None:
        """Both groups stay: the next release moves to the other one."""

    def _make(self, wanted: ListenerRule) -> None:
        tags = self._tags
        if wanted.is_test:
            made = self._put(written(wanted, waiting=wanted.waiting_group_arns, tags=tags))
            self._session.say(f"{made.name} takes test traffic")
            return
        rule = warming(wanted, tags=tags)
        made = self._put(with_waiting(rule, wanted.waiting_group_arns))
        self._session.say(f"{made.name} stands for ECS to move traffic by, and lets nobody in yet")

    def _set_conditions(self, there: StandingRule, wanted: ListenerRule) -> None:
        """Without its actions, which ECS may be changing now."""
        rule = replace(written(wanted, arn=there.arn), actions=(), tags=there.tags)
        if same_conditions(there, rule):
            return
        self._session.ports.balancing.put_rule(rule)
        self._standing[there.place] = replace(rule, actions=there.actions)
        self._session.say(f"{rule.name} takes what listener_rules says")


def traffic_of(session: Session, facts: Facts) -> Traffic:
    """The listener rules of the release, as its strategy moves users."""
    strategy = strategy_named(session.request.settings.deployment.strategy)
    return ShiftedTraffic(session, facts) if strategy.shifts_weights else Traffic(session, facts)
