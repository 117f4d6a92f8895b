# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has measured so far, as the record of its release keeps it for a run that goes on with it. Pure.

What a gate keeps of its samples is taken over when it is made of plain values and the gate asks for the same as before.
Others measure anew: these look at what stands, and see it again at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from ..stages import Phase, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._release.record import Measurement
    from ..gates.model import Gate
    from .windows import Window

_PLAIN = (bool, int, float, str)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier run measured: at which phase the release stood, for how long it was judged there.

    ``passed`` let it come there; ``gates`` are as they stood when it was written, with what each kept.
    """

    phase: Phase
    settled_seconds: float
    passed: tuple[Measurement, ...]
    gates: tuple[Measurement, ...]
    tallies: Mapping[str, Mapping[str, Any]]


def write_standing(phase: Phase | None, settled_seconds: float, passed: int, windows: tuple[Window, ...]) -> str:
    """How a release stands, as text; empty before it can be judged. So many measurements *passed* before."""
    if phase is None:
        return ""
    standing = {
        "stage": phase.stage.value,
        "percent": phase.percent,
        "settled_seconds": round(settled_seconds, 1),
        "passed": passed,
        "windows": {window.gate.name: kept for window in windows if (kept := _written(window))},
    }
    return json.dumps(standing, separators=(",", ":"))


def read_standing(text: str, gates: tuple[Measurement, ...]) -> Earlier | None:
    """What `write_standing` wrote beside the measurements *gates*; None when it holds nothing that can be read."""
    try:
        found = json.loads(text)
        phase = Phase(Stage(found["stage"]), float(found["percent"]))
        seconds, passed = max(0.0, float(found["settled_seconds"])), int(found["passed"])
        tallies = {str(name): dict(kept) for name, kept in found["windows"].items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return Earlier(phase, seconds, gates[:passed], gates[passed:], tallies) if 0 <= passed <= len(gates) else None


def restored(window: Window, earlier: Earlier) -> Window:
    """*window* with what its gate had measured *earlier*, if that can be taken over."""
    kept = earlier.tallies.get(window.gate.name)
    if not kept or kept.get("asked") != asked_of(window.gate):
        return window
    try:
        values = {name: _frozen(value) for name, value in kept["tally"].items()}
        if not all(_fits(value, getattr(window.tally, name)) for name, value in values.items()):
            return window
        tally = replace(window.tally, **values)
        window.gate.assess(tally, baked=False)
        return replace(window, tally=tally, started_at=str(kept["started_at"]), successes=int(kept["successes"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return window


def asked_of(gate: Gate[Any]) -> str:
    """What a gate asks for, in words by which two are compared."""
    return f"{gate.kind}: {gate.expected()}"


def _written(window: Window) -> dict[str, Any]:
    kept = (field.name for field in fields(window.tally) if not field.metadata.get("begun_anew"))
    tally = {name: getattr(window.tally, name) for name in kept}
    if not all(map(_is_plain, tally.values())):
        return {}
    return {
        "asked": asked_of(window.gate),
        "tally": tally,
        "started_at": window.started_at,
        "successes": window.successes,
    }


def _is_plain(value: Any) -> bool:
    return all(map(_is_plain, value)) if isinstance(value, tuple) else value is None or isinstance(value, _PLAIN)


def _fits(value: Any, there: Any) -> bool:
    """Whether *value* is of the type of what is *there*, so that nothing missing or mistyped counts."""
    return there is None or type(value) is type(there)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
