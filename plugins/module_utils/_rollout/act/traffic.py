# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving users to a release: its target group is health-checked first, then the listener rules move, then old ones go.

A rule is changed in one call, so that there is no moment without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..service.rules import at, ours_or_there, routed_groups, warming, widened, with_waiting, written

if TYPE_CHECKING:
    from ..plan.read import Facts
    from ..service.rules import Place, StandingRule
    from ..session import Session
    from ..values import ListenerRule


class Traffic:
    """The listener rules of a release, from what *facts* found to what is wanted."""

    def __init__(self, session: Session, facts: Facts) -> None:
        self._session = session
        self._plan = facts.plan
        self._standing: dict[Place, StandingRule] = {rule.place: rule for rule in facts.found.rules}
        self._tags = {**session.request.tags, **session.request.owned_by.marks}
        self.moved = not facts.plan.routes
        #: The target groups that got traffic by our rules, or by those in the places of ours, before anything moved.
        self.routed = routed_groups(ours_or_there(facts.found.rules, session.request.rules, session.request.owned_by))

    @property
    def watched(self) -> tuple[StandingRule, ...]:
        """The wanted rules that stand, as this run left them."""
        places = map(_place, self._session.request.rules)
        return tuple(self._standing[place] for place in places if place in self._standing)

    def attach(self) -> None:
        """Have the wanted target group health-checked without sending anybody there.

        ECS takes only a target group that a load balancer uses.
        """
        group = self._session.request.target_group_arn
        for wanted in self._plan.rules:
            there = self._standing.get(_place(wanted))
            if there and (attached := with_waiting(there, [group])) != there:
                self._put(attached)
                self._session.say(
                    f"{attached.name} has the load balancer check the health of {_short(group)}, without traffic"
                )
        if any(group in rule.weights for rule in self._standing.values()):
            return
        free = [rule for rule in self._plan.rules if _place(rule) not in self._standing]
        if free:
            self._put(warming(free[0], tags=self._tags))
            self._session.say(f"a rule has the load balancer check the health of {_short(group)}, without traffic")

    def open(self) -> None:
        """Send users to the wanted target group by the wanted rules, and by no other. Can be tried again."""
        if self.moved:
            return
        # A path that goes from a rule to another one is met by both for a moment, and never by none.
        new = [rule for rule in self._plan.rules if _place(rule) not in self._standing]
        changed = [rule for rule in self._plan.rules if _place(rule) in self._standing]
        wide = [widened(self._standing[_place(rule)], rule) for rule in changed] if len(changed) > 1 else []
        for wanted in (*new, *wide, *changed):
            self._forward(wanted)
        for wanted in self._plan.rules:
            name = self._standing[_place(wanted)].name
            self._session.say(f"{name} forwards to {_short(wanted.target_group_arn)}")
        self._own()
        self.moved = True

    def _own(self) -> None:
        """Tag what is ours now, and delete what is no longer wanted."""
        for rule in self._plan.unmarked:
            self._session.warn(f"{rule.name} bore no service's tags and forwards to our target group: it is ours now")
            self._session.ports.balancing.tag_rule(rule, {**dict(rule.tags), **self._tags})
        for rule in self._plan.dropped:
            self._session.ports.balancing.delete_rule(rule.arn)
            self._standing.pop(rule.place, None)
            self._session.say(f"deleted {rule.name}, which is no longer wanted")

    def _forward(self, wanted: ListenerRule) -> None:
        there = self._standing.get(_place(wanted))
        old, arn = (there.weights, there.arn) if there else ({}, "")
        self._put(written(wanted, waiting=old, tags=self._tags, arn=arn))

    def close(self) -> None:
        """Let the groups go that traffic has left."""
        for wanted in self._plan.rules:
            there = self._standing[_place(wanted)]
            if len(there.weights) > 1:
                self._put(written(wanted, tags=self._tags, arn=there.arn))

    def _put(self, rule: StandingRule) -> StandingRule:
        there = at(self._standing.values(), rule.place)
        if there and there.same_routing(rule):
            return there
        stands = self._session.ports.balancing.put_rule(rule)
        self._standing[rule.place] = stands
        return stands


def _place(rule: ListenerRule) -> Place:
    return rule.listener_arn, rule.priority


def _short(target_group_arn: str) -> str:
    return target_group_arn.rpartition("targetgroup/")[2]
