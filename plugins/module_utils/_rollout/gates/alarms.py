# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``alarms``: CloudWatch alarms that have to be OK, asked by us beside ECS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ..._common.amount import amount
from ..._common.verdict import Verdict
from ..._errors import OperationError
from .model import Gate, Tally
from .settings import shared_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Scene

_OK, _ALARM = "OK", "ALARM"
#: What DescribeAlarms takes in a call; a gate on more alarms than that watches a whole account.
_MOST_ALARMS = 100


@dataclass(frozen=True, slots=True)
class AlarmTally(Tally):
    """``states`` are those of the latest look, by the alarm's name."""

    states: tuple[tuple[str, str], ...] = ()

    def see(self, states: Mapping[str, str]) -> AlarmTally:
        """The tally with another look."""
        rings = _ALARM in states.values()
        return AlarmTally(self.samples + 1, self.failures + rings, tuple(sorted(states.items())))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmGate(Gate[AlarmTally]):
    """An alarm in ALARM refuses at once; only when every alarm is OK it passes. One without data is neither."""

    kind: ClassVar[str] = "alarms"
    only_asks: ClassVar[bool] = True
    options: ClassVar[Mapping[str, Any]] = {"alarms": {"type": "list", "elements": "str", "default": []}}
    tally: ClassVar[type[AlarmTally]] = AlarmTally

    name: str = "alarms"
    alarms: tuple[str, ...] = ()

    @classmethod
    def read(cls, options: Mapping[str, Any], _url: str) -> AlarmGate:
        """The gate that validated *options* stand for."""
        return cls(**shared_fields(cls, options, cls.kind), alarms=tuple(dict.fromkeys(options["alarms"])))

    def problems(self) -> Iterator[str]:
        """No alarm, or one without a name."""
        if not self.alarms:
            yield "alarms is empty, so that nothing would be watched; name at least one alarm."
        elif not all(alarm.strip() for alarm in self.alarms):
            yield "alarms has an empty entry; take it out."
        elif len(self.alarms) > _MOST_ALARMS:
            yield f"alarms has {len(self.alarms)} entries; it takes {_MOST_ALARMS}, or a composite alarm of them."

    def alarm_names(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self.alarms)

    def in_rollback(self) -> Self:
        """It decides nothing: an alarm that rings asks for the rollback."""
        return replace(self, dry_run=True)

    def measure(self, tally: AlarmTally, scene: Scene) -> AlarmTally:
        """Look at the alarms' states. Raises OperationError when one does not exist."""
        states = scene.ports.surroundings.alarm_states(frozenset(self.alarms))
        if missing := [alarm for alarm in self.alarms if alarm not in states]:
            raise OperationError(f"Alarm {', '.join(missing)} does not exist in this account and region.")
        return tally.see({alarm: states[alarm] for alarm in self.alarms})

    def assess(self, tally: AlarmTally, *, baked: bool) -> Verdict:
        """INSUFFICIENT_DATA, and any state that is not known, never passes."""
        states = [state for _alarm, state in tally.states]
        if _ALARM in states or tally.failures:
            return Verdict.UNHEALTHY
        passes = baked and bool(states) and all(state == _OK for state in states)
        return Verdict.HEALTHY if passes else Verdict.INCONCLUSIVE

    def seen(self, tally: AlarmTally) -> str:
        """The alarms that are not OK."""
        other = ", ".join(f"{alarm} is {state}" for alarm, state in tally.states if state != _OK)
        states = other or f"{amount(len(tally.states), 'alarm')} OK"
        return f"{states} in the latest of {amount(tally.samples, 'look')}"

    def expected(self) -> str:
        """Every alarm OK."""
        return f"{', '.join(self.alarms)} OK over {self.bake_seconds:g} s"
