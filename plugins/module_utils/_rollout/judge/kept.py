# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has measured so far, as the record of its release keeps it for a run that goes on with it. Pure.

What a gate keeps of its samples is taken over when the gate asks for the same as before and it can be read. A gate of
which it is not measures anew, over its whole time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..stages import Phase, Stage
from .plain import fields_from_plain, fields_to_plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._release.record import Measurement
    from ..gates.model import Gate
    from .windows import Window


# What a gate asks for. By the first name collections of before looked for it, which take over tallies that they cannot
# work with: it is read, and written by the other, so that they measure anew.
_ASKED, _ASKS = "asked", "asks"


@dataclass(frozen=True, slots=True)
class Left:
    """Where a run ended by request, as ``until`` (`wait_until`) said: at a share of the users, and at which pauses."""

    until: str
    stage: str
    percent: float
    pauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier run measured: at which phase the release stood, for how long it was judged there.

    ``passed`` let it come there; ``gates`` are as they stood when it was written, with what each kept. ``left`` is
    where the latest run ended by request; None when none did.
    """

    phase: Phase
    settled_seconds: float
    passed: tuple[Measurement, ...]
    gates: tuple[Measurement, ...]
    tallies: Mapping[str, Mapping[str, Any]]
    left: Left | None = None


def write_standing(
    phase: Phase | None, settled_seconds: float, passed: int, windows: tuple[Window, ...], left: Left | None = None
) -> str:
    """How a release stands, as text; empty before it can be judged. So many measurements *passed* before."""
    if phase is None:
        return ""
    standing = {
        "stage": phase.stage.value,
        "percent": phase.percent,
        "settled_seconds": round(settled_seconds, 1),
        "passed": passed,
        "windows": {window.gate.name: _written(window, settled_seconds) for window in windows},
        **({"left": fields_to_plain(left)} if left else {}),
    }
    return json.dumps(standing, separators=(",", ":"))


def read_standing(text: str, gates: tuple[Measurement, ...]) -> Earlier | None:
    """What `write_standing` wrote beside the measurements *gates*; None when it holds nothing that can be read."""
    try:
        found = json.loads(text)
        phase = Phase(Stage(found["stage"]), float(found["percent"]))
        seconds, passed = max(0.0, float(found["settled_seconds"])), int(found["passed"])
        tallies = {str(name): dict(kept) for name, kept in found["windows"].items()}
        left = Left(**fields_from_plain(Left, found["left"], ())) if "left" in found else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    if not 0 <= passed <= len(gates):
        return None
    return Earlier(phase, seconds, gates[:passed], gates[passed:], tallies, left)


def restored(window: Window, earlier: Earlier) -> Window | None:
    """*window* with what its gate had measured *earlier* where the release stands; None if it cannot be taken over.

    Its bake time goes on, and so does what is left of its initial delay.
    """
    before = earlier.tallies.get(window.gate.name, {})
    seen = gone_on_with(window, earlier)
    if seen is None:
        return None
    try:
        seconds = max(0.0, float(before.get("seconds", earlier.settled_seconds)))
        began = str(before["started_at"])
        age = (datetime.fromisoformat(window.started_at) - datetime.fromisoformat(began)).total_seconds()
    except (KeyError, TypeError, ValueError):
        return None
    spared = min(seconds, window.gate.initial_delay_seconds)
    points = next((each.series.points for each in earlier.gates if each.gate == window.gate.name), ())
    due, opened = window.due - spared, window.opened - age
    return replace(seen, started_at=began, due=due, opened=opened, points=points, measured_before=seconds)


def gone_on_with(window: Window, earlier: Earlier) -> Window | None:
    """*window* with what its gate had seen *earlier*, wherever that was; None if it cannot be taken over."""
    kept = earlier.tallies.get(window.gate.name)
    if not kept or kept.get(_ASKS, kept.get(_ASKED)) != asked_of(window.gate):
        return None
    try:
        kind = type(window.tally)
        tally = replace(window.tally, **fields_from_plain(kind, kept["tally"], kind.parts))
        # What a gate cannot work with is none of its.
        window.gate.assess(tally, baked=True)
        window.gate.seen(tally)
        return replace(window, tally=tally, successes=int(kept["successes"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def asked_of(gate: Gate[Any]) -> str:
    """What a gate asks for, in words by which two are compared."""
    return f"{gate.kind}: {gate.expected()}"


def _written(window: Window, settled_seconds: float) -> dict[str, Any]:
    return {
        _ASKS: asked_of(window.gate),
        "tally": fields_to_plain(window.tally),
        "started_at": window.started_at,
        "successes": window.successes,
        "seconds": round(window.measured_before + settled_seconds, 1),
    }
