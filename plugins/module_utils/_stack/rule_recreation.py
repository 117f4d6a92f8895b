# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An update replaces a load balancer: the rules that releases made stand on its listeners, and have to on the new ones.

A target group belongs to one load balancer at a time, so that the rules are made again after the old one is gone. Until
then users get no answer, which needs consent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._common.amount import amount
from .._common.commands import PROVISION, TEARDOWN
from .._errors import RefusedError
from .components import component_of
from .listener_rules import SETTLE_SECONDS, leaving

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .listener_rules import Rule
    from .plan import StackPlan
    from .ports import Ports
    from .types import ListenerRules, StackRequest, StackSnapshot

_LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_VPC_ORIGIN = "AWS::CloudFront::VpcOrigin"


@dataclass(frozen=True)
class RuleRecreation:
    """Rules by the output that names their listener, with the listener that goes."""

    rules: Mapping[str, tuple[str, tuple[Rule, ...]]]

    def before(self, ports: Ports) -> None:
        """Nothing: the rules are known, and serve until their listener goes."""

    def undo(self, ports: Ports) -> None:
        """Nothing: an update that failed has left the old listeners alone."""

    def after(self, outputs: Mapping[str, str], ports: Ports) -> None:
        """Make the rules on the listeners that *outputs* name."""
        made = 0
        for output, (_source, rules) in self.rules.items():
            listener = outputs[output]
            standing = {rule.priority for rule in ports.rules.list_rules(listener)}
            for rule in rules:
                if rule.priority not in standing:
                    ports.rules.create_rule(listener, rule)
                    made += 1
        ports.progress.say(f"{amount(made, 'rule')} made again on the listeners of the new load balancer")
        ports.clock.sleep(SETTLE_SECONDS)

    @property
    def priorities(self) -> list[int]:
        """Those of the rules, each once."""
        return sorted({rule.priority for _source, rules in self.rules.values() for rule in rules})

    def sides(self) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        """The priorities by listener, before and after."""
        before = {source: [rule.priority for rule in rules] for source, rules in self.rules.values()}
        after = {
            f"{output} (known after apply)": [rule.priority for rule in rules]
            for output, (_source, rules) in self.rules.items()
        }
        return before, after


def plan_recreation(
    request: StackRequest, decided: StackPlan, snapshot: StackSnapshot, ports: Ports
) -> RuleRecreation | None:
    """The rules that have to be made again when *decided* is carried out; None when no load balancer is replaced.

    Raises `RefusedError` when that cannot be done, or users would be without answers and nobody gave consent.
    """
    wanted = request.listener_rules
    replaced = [
        change.logical_id
        for change in decided.resources
        if change.resource_type == _LOAD_BALANCER and change.action == "modify" and change.replacement != "no"
    ]
    if wanted is None or not replaced:
        return None
    _refuse_origin(request, wanted, ports)
    rules = {
        output: (listener, leaving(ports.rules.list_rules(listener), (), wanted.tags).create)
        for output in dict.fromkeys((wanted.production, wanted.plain, wanted.test))
        if (listener := snapshot.outputs.get(output, "")) and listener not in _others(output, wanted, snapshot)
    }
    found = RuleRecreation({output: kept for output, kept in rules.items() if kept[1]})
    if not found.rules:
        return found
    _refuse_two_at_once(request, wanted, decided)
    _refuse_without_consent(request, replaced)
    return found


def _others(output: str, wanted: ListenerRules, snapshot: StackSnapshot) -> set[str]:
    """The listener of users is told once, by the output that follows users."""
    return {snapshot.outputs.get(wanted.production, "")} if output != wanted.production else set()


def _refuse_origin(request: StackRequest, wanted: ListenerRules, ports: Ports) -> None:
    front = ports.stacks.describe_stack(wanted.front) if wanted.front else None
    if front is None:
        return
    origins = [
        item.physical_id
        for item in ports.stacks.list_stack_resources(front.stack_id)
        if item.resource_type == _VPC_ORIGIN and item.physical_id and item.status != "DELETE_COMPLETE"
    ]
    if origins:
        name = component_of(wanted.front)
        raise RefusedError(
            f"Stack {request.name} was not touched: its load balancer would be replaced, and AWS deletes no load "
            f"balancer that a VPC origin names, as {', '.join(origins)} of stack {wanted.front} does. Put the former "
            f"value back. If it is meant, take {name} down first, {TEARDOWN} --limit {name} (its site is "
            "not reached from then on), and run again without a limit.",
            origins=origins,
        )


def _refuse_two_at_once(request: StackRequest, wanted: ListenerRules, decided: StackPlan) -> None:
    if wanted.production in decided.outputs:
        raise RefusedError(
            f"Stack {request.name} was not touched: the update replaces its load balancer and gives users another "
            "listener, and the rules of releases can follow one of the two. Change the certificate first and the "
            f"scheme of the load balancer in another run of {PROVISION}, or the other way round."
        )


def _refuse_without_consent(request: StackRequest, replaced: list[str]) -> None:
    missing = [name for name in replaced if name not in request.consent]
    if missing:
        component = component_of(request.name)
        raise RefusedError(
            f"Stack {request.name} was not touched: the update replaces its load balancer, on which rules of releases "
            "stand. A target group belongs to one load balancer, so that users get no answer from when the old one is "
            "deleted until the rules stand on the new one, which has another DNS name; CloudFront takes minutes more. "
            f"If that is meant, say so by name: -e replace={','.join(f'{component}.{name}' for name in missing)} (the "
            f"module's consent: [{', '.join(missing)}]).",
            needs_consent=missing,
        )
