# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Landings of given values, as JSON has them, and recordings of a player who lands so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastbreak_service.movement.baseline import Recording
from fastbreak_service.movement.values import Legs, Name, Side, View

if TYPE_CHECKING:
    from collections.abc import Sequence

NETWORK = "blazepose-full 0"


def landing(  # noqa: PLR0913 - a landing is all of this
    value: float | None,
    error: float | None = 3.0,
    *,
    contact: int = 100,
    measure: Name = Name.PEAK_KNEE_FLEXION,
    side: Side = Side.LEFT,
    legs: Legs = Legs.DOUBLE,
    view: View = View.SAGITTAL,
    rate: float = 60.0,
    definitions: int = 1,
) -> dict[str, Any]:
    """A landing of which one measure was taken."""
    taken = {
        "measure": measure,
        "side": side,
        "unit": "degree",
        "value": value,
        "error": error,
        "frame": contact + 10,
        "not_measurable": None,
        "words": "",
    }
    return {
        "kind": "landing",
        "contact_frame": contact,
        "contact_seconds": contact / rate,
        "deepest_frame": contact + 10,
        "deepest_seconds": (contact + 10) / rate,
        "legs": legs,
        "fall_speed": 1.6,
        "view": {"view": view, "shoulder_ratio": 0.1, "hip_ratio": 0.1, "degrees_from_frontal": 85.0},
        "rate": rate,
        "height_pixels": 400.0,
        "measures": [taken],
        "definitions": definitions,
    }


def recording(name: str, values: Sequence[float], error: float = 3.0, **more: Any) -> Recording:
    """A recording of landings with these values."""
    landings = [landing(value, error, contact=100 * place, **more) for place, value in enumerate(values, 1)]
    return Recording(name, f"clip of {name}", NETWORK, landings)
