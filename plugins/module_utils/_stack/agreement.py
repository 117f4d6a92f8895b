# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No component of a run is applied before the plans of all stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.wait import growing, timed_out, until
from .._errors import DependencyError
from .components import enumerated
from .ports import DependencyState

if TYPE_CHECKING:
    from .ports import Planning, Ports
    from .types import StackRequest

_PAUSE = growing(0.02, 0.5)


def await_plans(request: StackRequest, planning: Planning, ports: Ports) -> None:
    """Return when every plan of the run stands. Raises `DependencyError` that names those that do not."""

    def look() -> list[str]:
        states = planning.states()
        failed = [name for name, state in states.items() if state is DependencyState.FAILED]
        if failed:
            raise DependencyError(
                f"Stack {request.name} was not touched: no plan stands for {enumerated(failed)} (refused or failed, "
                "and told near), and nothing is applied before all plans of a run stand. Run again once that is put "
                "right, or choose others with --limit.",
                failed_components=failed,
            )
        return [name for name, state in states.items() if state is DependencyState.RUNNING]

    until(
        look,
        lambda waiting: not waiting,
        clock=ports.clock,
        seconds=request.timeout_seconds,
        pause=_PAUSE,
        on_timeout=lambda waiting, elapsed: timed_out(
            f"Stack {request.name} waited {elapsed:.0f} s for the plans of {', '.join(waiting)}. Nothing of it was "
            "touched: run again, or raise timeout_seconds.",
            waiting_for=waiting,
        ),
    )
