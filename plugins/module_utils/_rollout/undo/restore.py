# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring what a failed release changed beside its tasks: each difference from before is put back or named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ..._errors import FastbreakError, SupersededError
from ..act.awake import put_exactly
from ..results import Result
from ..scaling.change import change_back
from ..scaling.rest import may_rest
from ..service.comparison import changed_settings, starts_deployment
from ..service.rules import at, same_conditions, widened, with_waiting, written
from ..service.writes import ServiceChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..plan.snapshot import Snapshot
    from ..scaling.model import Scaling
    from ..service.rules import StandingRule
    from ..session import Session


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and what could not be: each in words."""

    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = [f"Put back: {', '.join(self.done)}." if self.done else ""]
        said += [f"Could not be restored: {'; '.join(self.left)}." if self.left else ""]
        return " ".join(part for part in said if part)


class Restoration:
    """Puts back what *snapshot* holds. Nothing that fails keeps the rest from being put back."""

    def __init__(self, session: Session, snapshot: Snapshot) -> None:
        self._session = session
        self.snapshot = snapshot
        self._done: list[str] = []
        self._left: list[str] = []

    def rules_that_answer(self) -> None:
        """Before the tasks go back: put back those rules whose target group still answers.

        The others get their old group health-checked, so that tasks can be registered with it again.
        """
        self._try("the listener rules", self._rules_that_answer)

    def rules(self) -> None:
        """Put back every listener rule, and delete those that the release made."""
        self._try("the listener rules", self._rules)

    def everything(self) -> Restored:
        """Put back whatever still differs, and say what was and what could not be put back.

        What stands is read again after writes whose outcome is not known: one may have been carried out late.
        """
        for _pass in range(2 if self._session.doubted else 1):
            self.rules()
            self._try("the service's settings", self._settings)
            self._try("the scaling", self._scaling)
        return Restored(tuple(dict.fromkeys(self._done)), tuple(dict.fromkeys(self._left)))

    @property
    def result(self) -> Result:
        """How a run ends that undoes nothing else: as if nothing had been, or with something that is not back."""
        return Result.ROLLBACK_FAILED if self._left else Result.FAILED

    def put_back(self, rule: StandingRule) -> str:
        """Put back a *rule* of before that no longer stands; its name."""
        self._put_back(rule, None)
        return rule.name

    def _try(self, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except SupersededError:
            # Another run holds the service: the rest is its own to put back.
            raise
        except FastbreakError as error:
            self._left.append(f"{what} ({error})")

    def standing(self) -> tuple[StandingRule, ...]:
        """The rules that stand now on the listeners of the release and of before."""
        request, before = self._session.request, self.snapshot
        bindings = request.settings.target_bindings | (before.settings.target_bindings if before.settings else set())
        listeners = {rule.listener_arn for rule in request.rules} | {rule.listener_arn for rule in before.rules}
        return self._session.ports.balancing.list_rules(
            frozenset(listeners), frozenset(binding.target_group_arn for binding in bindings)
        )

    def _rules_that_answer(self) -> None:
        standing = self.standing()
        self._widen(standing)
        for rule in self.snapshot.rules:
            there = at(standing, rule.place)
            if there is None or self._healthy(rule) >= max(1, self._healthy(there)):
                self._put_back(rule, there, keep=True)
            elif (attached := with_waiting(there, rule.weights)) != there:
                self._session.ports.balancing.put_rule(attached)

    def _widen(self, standing: tuple[StandingRule, ...]) -> None:
        """Give rules whose paths change both old and new ones first: a path goes from one to another without a gap."""
        pairs = [(rule.summary(), at(standing, rule.place)) for rule in self.snapshot.rules if rule.conditions]
        moving = [
            (rule, there) for rule, there in pairs if there and there.summary().path_patterns != rule.path_patterns
        ]
        for rule, there in moving if len(moving) > 1 else []:
            both = widened(there, rule)
            if both != rule:
                self._try(there.name, partial(self._put, replace(there, conditions=written(both).conditions)))

    def _put(self, rule: StandingRule) -> None:
        self._session.ports.balancing.put_rule(rule)

    def _healthy(self, rule: StandingRule) -> int:
        """The fewest healthy targets of the groups that get traffic by *rule*."""
        counts = [
            sum(target.state == "healthy" for target in self._session.ports.balancing.describe_targets(group) or ())
            for group in rule.groups
        ]
        return min(counts, default=0)

    def _rules(self) -> None:
        owner, wanted = self._session.request.owned_by, self._session.request.rules
        places = {rule.place for rule in self.snapshot.rules}
        ours = {(rule.listener_arn, rule.priority) for rule in wanted}
        standing = self.standing()
        self._widen(standing)
        for rule in self.snapshot.rules:
            self._try(rule.name, partial(self._put_back_unless_dead, rule, at(standing, rule.place)))
        for rule in standing:
            if rule.place not in places and rule.place in ours and owner.owns(rule.tags):
                self._try(rule.name, partial(self._delete, rule))

    def _put_back_unless_dead(self, rule: StandingRule, there: StandingRule | None) -> None:
        """Put the rule back, unless that takes users from where they get answers to where nobody answers."""
        moved = there and there.groups != rule.groups and not self._shares_pair(there, rule)
        if there and moved and self._healthy(there) and not self._healthy(rule):
            self._left.append(
                f"{rule.name}, which forwards to {', '.join(sorted(there.groups))} as long as "
                f"{', '.join(sorted(rule.groups)) or 'what it forwarded to'} has no healthy target"
            )
            return
        self._put_back(rule, there)

    def _put_back(self, rule: StandingRule, there: StandingRule | None, *, keep: bool = False) -> None:
        balancing = self._session.ports.balancing
        if not rule.conditions:
            # Every rule of a load balancer has conditions: these were not kept.
            self._left.append(
                f"{rule.name}, which was nobody's and had conditions that the release record does not hold"
            )
            return
        back = replace(rule, arn=there.arn if there else "")
        weighted = there is not None and self._shares_pair(there, rule)
        if weighted:
            # Its weights are ECS's, which has moved the traffic back, or is at it.
            back = replace(back, actions=())
        elif there and keep:
            # Tasks may still be registered with the group that loses the traffic: ECS wants it to stay attached.
            back = with_waiting(back, there.weights)
        if there is None or not (same_conditions(there, back) if weighted else there.same_routing(back)):
            balancing.put_rule(back)
            self._done.append(rule.name)
        if there and there.tags != rule.tags:
            balancing.tag_rule(there, dict(rule.tags))
            self._done.append(f"the tags of {rule.name}")

    def _shares_pair(self, *rules: StandingRule) -> bool:
        """Whether all of *rules* forward to groups only that ECS shifts traffic between."""
        settings = [self._session.request.settings, *([self.snapshot.settings] if self.snapshot.settings else [])]
        pairs = [
            set(binding.target_group_arns) for each in settings for binding in each.target_bindings if binding.shift
        ]
        return any(all(rule.weights and rule.weights.keys() <= pair for rule in rules) for pair in pairs)

    def _delete(self, rule: StandingRule) -> None:
        self._session.ports.balancing.delete_rule(rule.arn)
        self._done.append(f"{rule.name} (deleted)")

    def _settings(self) -> None:
        request, ecs, before = self._session.request, self._session.ports.ecs, self.snapshot.settings
        service = ecs.describe_service(request.cluster, request.service)
        if service is None or before is None:
            return
        differ = changed_settings(service.settings, before)
        changed = tuple(name for name in differ if not starts_deployment((name,)))
        if set(changed) - {"tags"}:
            ecs.update_service(request.cluster, request.service, ServiceChange(before, changed))
        if "tags" in changed:
            ecs.tag_service(service.arn, dict(before.tags))
        self._done += [name.replace("_", " ") for name in changed]
        self._left += [
            f"{name.replace('_', ' ')} of the service (needs a deployment)" for name in differ if name not in changed
        ]

    def _scaling(self) -> None:
        request, scaling, before = self._session.request, self._session.ports.scaling, self.snapshot.scaling
        if request.scaling is None:
            return
        found = scaling.describe_scaling(request.cluster, request.service)
        if before is None:
            if found is None:
                return
            scaling.remove_scaling(request.cluster, request.service)
        elif found and found.suspended and not before.suspended:
            # The release kept the service awake.
            back = put_exactly(self._session, before, self.snapshot)
            if back is None:
                return
            before = back
        else:
            change = change_back(found, before, request.scaling)
            if change is None:
                return
            scaling.change_scaling(request.cluster, request.service, change)
            before = change.after
        self._done.append("the scaling" if before else "the scaling (removed)")
        self._try("the desired count", partial(self._desired_count, before))

    def _desired_count(self, scaling: Scaling | None) -> None:
        """Put back how many tasks there were, as far as the *scaling* that is back allows: its schedule goes on.

        The scaling of the release had moved it. 0 is somebody else's, or the scaling's that may come to it.
        """
        request, ecs, wanted = self._session.request, self._session.ports.ecs, self.snapshot.desired_count
        service = ecs.describe_service(request.cluster, request.service)
        if service is None or wanted == 0:
            return
        if scaling:
            wanted = max(scaling.minimum, min(wanted, scaling.maximum))
        if wanted == service.desired_count or (not service.desired_count and may_rest(scaling)):
            return
        if not service.desired_count:
            self._left.append(f"the desired count, which was {wanted} and was set to 0 meanwhile: scale it up")
            return
        ecs.update_service(request.cluster, request.service, ServiceChange(service.settings, (), desired_count=wanted))
        self._done.append(f"the desired count, {wanted}")
