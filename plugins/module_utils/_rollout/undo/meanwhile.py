# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others take away while a service goes back: said at once, and put back where a run can do that."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ..._errors import OperationError, SupersededError, UnavailableError
from ..service.rules import at

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..service.rules import StandingRule
    from ..session import Session
    from .restore import Restoration

T = TypeVar("T")

#: Why nothing arrives any more.
DELETED = "the service was deleted meanwhile"


class Meanwhile:
    """Looks after the service, its target *groups* and the listener rules of before."""

    def __init__(self, session: Session, restoration: Restoration, groups: tuple[str, ...]) -> None:
        self._session = session
        self._restoration = restoration
        self._groups = groups
        self._missing: frozenset[tuple[str, int]] = frozenset()
        self._told: set[str] = set()

    def lost(self) -> str:
        """Why the service can never arrive any more, empty otherwise. Rules that were deleted are put back."""
        session = self._session
        request, ports = session.request, session.ports
        service = ask(session, lambda: (ports.ecs.describe_service(request.cluster, request.service),))
        if service and (service[0] is None or service[0].status != "ACTIVE"):
            return DELETED
        return self.unreachable()

    def unreachable(self) -> str:
        """Why no task of the service can ever be reached, empty otherwise. Rules that were deleted are put back."""
        try:
            describe = self._session.ports.balancing.describe_targets
            targets = ask(self._session, lambda: [describe(group) for group in self._groups])
            if targets and None in targets:
                return f"target group {' or '.join(self._groups)} was deleted"
            standing = ask(self._session, self._restoration.standing)
        except SupersededError:
            raise
        except OperationError as error:
            self._tell(f"what is in front of the service cannot be seen: {error}")
            return ""
        return "" if standing is None else self._put_back(standing)

    def _put_back(self, standing: tuple[StandingRule, ...]) -> str:
        """Put back the rules that two looks missed: a list is as it was for a moment after a rule was written."""
        rules = self._restoration.snapshot.rules
        missing = {rule.place: rule for rule in rules if rule.conditions and at(standing, rule.place) is None}
        before, self._missing = self._missing, frozenset(missing)
        refused = filter(None, [self._put_back_rule(rule) for place, rule in missing.items() if place in before])
        reached = any(not rule.weights.keys().isdisjoint(self._groups) for rule in standing)
        return "" if reached else "; ".join(refused)

    def _put_back_rule(self, rule: StandingRule) -> str:
        """Why the rule cannot be put back; empty when it was."""
        try:
            if ask(self._session, lambda: self._restoration.put_back(rule)):
                self._missing -= {rule.place}
                self._session.say(f"{rule.name} was deleted meanwhile, and was put back")
        except SupersededError:
            raise
        except OperationError as error:
            refusal = f"{rule.name} was deleted meanwhile and cannot be put back ({error})"
            self._tell(refusal)
            return refusal
        return ""

    def _tell(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._session.say(line)


def ask(session: Session, question: Callable[[], T]) -> T | None:  # noqa: UP047 - needs a newer Python
    """The answer, or None when it could not be had now: a rollback is not given up for one failed look."""
    try:
        return question()
    except UnavailableError as error:
        session.say(f"could not look, trying again: {error}")
        return None
