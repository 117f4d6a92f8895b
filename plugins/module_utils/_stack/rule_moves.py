# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When an update gives users another listener, the rules that releases made come along, and no request is lost.

A listener that goes takes its rules with it, so they are copied before. One that stays keeps them until the new one,
which the update makes, has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._common.amount import amount
from .._errors import RefusedError
from .compare import references
from .listener_rules import SETTLE_SECONDS, Transfer, arriving, leaving
from .rule_recreation import RuleRecreation, plan_recreation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .plan import StackPlan
    from .ports import Ports
    from .types import ListenerRules, StackRequest, StackSnapshot


@dataclass(frozen=True)
class RuleMove:
    """Rules from a listener to another. ``destination`` is empty for one that the update has yet to make.

    ``leaves``: the update removes ``source``.
    """

    wanted: ListenerRules
    source: str
    destination: str
    leaves: bool
    transfer: Transfer

    def before(self, ports: Ports) -> None:
        """What has to be done before the update."""
        if self.leaves:
            _carry_out(self.transfer, self.destination, ports)

    def undo(self, ports: Ports) -> None:
        """Take back what was done before an update that failed."""
        if not self.leaves or not self.transfer:
            return
        made = {rule.priority for rule in self.transfer.create}
        copies = [rule for rule in ports.rules.list_rules(self.destination) if rule.priority in made]
        for copy in copies:
            ports.rules.delete_rule(copy)
        for there, _rule in self.transfer.change:
            ports.rules.change_rule(there, there)

    def after(self, outputs: Mapping[str, str], ports: Ports) -> None:
        """What has to be done after the update, which left the stack with *outputs*."""
        if self.leaves:
            return
        destination = self.destination or outputs.get(self.wanted.production, "")
        marks = self.wanted.tags
        found = arriving(ports.rules.list_rules(self.source), ports.rules.list_rules(destination), marks)
        _carry_out(found, destination, ports)

    @property
    def priorities(self) -> list[int]:
        """Those of the rules that move."""
        changed = [rule for _there, rule in self.transfer.change]
        return sorted({rule.priority for rule in (*self.transfer.create, *self.transfer.delete, *changed)})

    def sides(self) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        """The priorities by listener, before and after."""
        there = self.destination or f"{self.wanted.production} (known after apply)"
        return {self.source: self.priorities}, {there: self.priorities}


def plan_move(
    request: StackRequest, decided: StackPlan, snapshot: StackSnapshot | None, ports: Ports
) -> RuleMove | RuleRecreation | None:
    """The rules that have to move when *decided* is carried out; None when none have to.

    Raises `RefusedError` when they cannot. Rules that an interrupted run left on the listener beside are found as well.
    """
    wanted = request.listener_rules
    if wanted is None or snapshot is None:
        return None
    recreation = plan_recreation(request, decided, snapshot, ports)
    if recreation is not None:
        return recreation if recreation.rules else None
    production, plain = (snapshot.outputs.get(name, "") for name in (wanted.production, wanted.plain))
    leaves = False
    if wanted.production in decided.outputs:
        source, destination = production, ""
        gone = {change.logical_id for change in decided.resources if change.action == "remove"}
        leaves = bool(references(decided.outputs[wanted.production][0]) & gone)
        if leaves:
            destination = decided.expected_outputs.get(wanted.plain) or ""
    else:
        source, destination = plain, production
    if not source or source == destination:
        return None
    move = RuleMove(wanted, source, destination, leaves, _transfer(wanted, source, destination, leaves, ports))
    return move if move.transfer else None


def _transfer(wanted: ListenerRules, source: str, destination: str, leaves: bool, ports: Ports) -> Transfer:
    rules = ports.rules.list_rules(source)
    if not rules:
        return Transfer()
    there = ports.rules.list_rules(destination) if destination else ()
    if leaves and not destination:
        raise RefusedError(
            f"Nothing was touched: the update removes listener {source} with {amount(len(rules), 'rule')} on it, and "
            f"output {wanted.plain} names no listener that stays and could take them. Keep the listener, or delete the "
            "rules."
        )
    return (leaving if leaves else arriving)(rules, there, wanted.tags)


def _carry_out(transfer: Transfer, destination: str, ports: Ports) -> None:
    for rule in transfer.create:
        ports.rules.create_rule(destination, rule)
    for there, rule in transfer.change:
        ports.rules.change_rule(there, rule)
    if transfer.create or transfer.change:
        ports.progress.say(
            f"{amount(len(transfer.create) + len(transfer.change), 'rule')} put on listener {destination}"
        )
        ports.clock.sleep(SETTLE_SECONDS)
    for rule in transfer.delete:
        ports.rules.delete_rule(rule)
    if transfer.delete:
        ports.progress.say(
            f"{amount(len(transfer.delete), 'rule')} taken from listener {transfer.delete[0].listener_arn}"
        )
