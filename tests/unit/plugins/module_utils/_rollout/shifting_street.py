# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several services of one release, of which the leading one shifts users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.order import Order
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.together import roll_out_together

from tests.unit.plugins.module_utils._rollout.fakes import World
from tests.unit.plugins.module_utils._rollout.neighbours import LEAD, Street
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by
from tests.unit.plugins.module_utils._rollout.test_notices import Told, telling

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.report import RolloutResult

CANARY = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1, pause_timeout_minutes=2)
# What a companion takes from the options of its release: it is never asked to judge only, nor to wait for a stage.
_SHARED = frozenset({"kind", "supersede", "owner"})


class ShiftingNeighbour(ShiftingWorld):
    """A world that shifts users, whose time passes in all of its *street*."""

    def __init__(self, street: list[Any]) -> None:
        super().__init__()
        self.street = street
        street.append(self)

    def sleep(self, seconds: float) -> None:
        for other in [other for other in self.street if other is not self]:
            World.sleep(other, seconds)
        super().sleep(seconds)


class ShiftingStreet(Street):
    """The services of *names*, which are released in this order, and what others are told of them."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names)
        neighbours = self.worlds["worker"].street
        neighbours.remove(self.worlds[LEAD])
        self.lead = ShiftingNeighbour(neighbours)
        self.lead.calls = self.worlds[LEAD].calls
        self.worlds[LEAD] = self.lead  # type: ignore[assignment]
        self.told = Told()

    def release(self, version: str, *, check_mode: bool = False, **other: Any) -> dict[str, RolloutResult]:
        """Release *version* to every service, with options of a request of the leading one."""
        shared = {name: value for name, value in other.items() if name in _SHARED}
        given = {LEAD: {**CANARY, **other}}
        orders = [
            Order(
                self.request(name, version, **given.get(name, shared)),
                telling(Ports(*[world] * 13), self.told),  # type: ignore[arg-type]
                leads=name == LEAD,
            )
            for name, world in self.worlds.items()
        ]
        return roll_out_together(orders, check_mode=check_mode)
