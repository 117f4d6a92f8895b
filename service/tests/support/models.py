# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Bodies posed by coordinates as OpenSim's models are: each segment turned about its axes in the one that it hangs on.

Axes and order are those of Rajagopal's model: x forward, y up, z to the right; of the pelvis first z, then x. The knee
turns backward, everything else forward and up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.people.observed import Observed
from fastbreak_service.vision.landmarks import COUNT, Landmark
from fastbreak_service.vision.pose import Pose
from fastbreak_service.vision.tracker import Sighting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    type Doubles = npt.NDArray[np.float64]

_PIXELS = 200.0
"""Of a metre."""


def turned(axis: int, degrees: float) -> Doubles:
    """A right-handed turn about x (0) or z (2)."""
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    if axis == 0:
        return np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


@dataclass(frozen=True)
class Posed:
    """Coordinates in degrees, of limbs left and right."""

    pelvis_tilt: float = 0.0
    pelvis_list: float = 0.0
    lumbar_bending: float = 0.0
    hip_flexion: tuple[float, float] = (10.0, -5.0)
    knee_angle: tuple[float, float] = (15.0, 20.0)
    ankle_angle: tuple[float, float] = (5.0, -5.0)
    arm_flex: tuple[float, float] = (-10.0, 15.0)
    elbow_flex: tuple[float, float] = (20.0, 30.0)

    def sagittal(self) -> dict[str, float]:
        """Those that are seen from the side, by OpenSim's names."""
        limbs = ("hip_flexion", "knee_angle", "ankle_angle", "arm_flex", "elbow_flex")
        found = {f"{limb}_{side}": getattr(self, limb)[number] for number, side in enumerate("lr") for limb in limbs}
        return {"pelvis_tilt": self.pelvis_tilt, **found}

    def landmarks(self) -> Doubles:
        """Where landmarks are in metres, (33, 3)."""
        found = np.zeros((COUNT, 3))
        pelvis = turned(2, self.pelvis_tilt) @ turned(0, self.pelvis_list)
        torso = pelvis @ turned(0, self.lumbar_bending)

        def put(name: str, at: Doubles) -> Doubles:
            found[Landmark[name]] = at
            return at

        put("NOSE", torso @ (0.12, 0.75, 0))
        for number, (side, way) in enumerate((("LEFT", -1), ("RIGHT", 1))):
            put(f"{side}_EYE", torso @ (0.1, 0.78, 0.03 * way))
            put(f"{side}_EAR", torso @ (0, 0.75, 0.07 * way))
            thigh = pelvis @ turned(2, self.hip_flexion[number])
            shank = thigh @ turned(2, -self.knee_angle[number])
            foot = shank @ turned(2, self.ankle_angle[number])
            hip = put(f"{side}_HIP", pelvis @ (0, 0, 0.105 * way))
            knee = put(f"{side}_KNEE", hip + thigh @ (0, -0.43, 0))
            ankle = put(f"{side}_ANKLE", knee + shank @ (0, -0.43, 0))
            put(f"{side}_HEEL", ankle + foot @ (-0.05, -0.06, 0))
            put(f"{side}_FOOT_INDEX", ankle + foot @ (0.17, -0.06, 0))
            upper = torso @ turned(2, self.arm_flex[number])
            fore = upper @ turned(2, self.elbow_flex[number])
            shoulder = put(f"{side}_SHOULDER", torso @ (0, 0.5, 0.18 * way))
            elbow = put(f"{side}_ELBOW", shoulder + upper @ (0, -0.3, 0))
            wrist = put(f"{side}_WRIST", elbow + fore @ (0, -0.26, 0))
            for finger in ("THUMB", "INDEX", "PINKY"):
                put(f"{side}_{finger}", wrist + fore @ (0, -0.08, 0))
        return found


def filmed(
    posed: Callable[[float], Posed],
    turn: float | Callable[[float], float],
    seconds: float = 1.0,
    rate: float = 30.0,
    hide: Callable[[int], Iterable[Landmark]] = lambda _: (),
) -> Observed:
    """Sightings of a body by a level camera: turned by 0 degrees it faces it, by 90 it faces the picture's right."""
    kept = Observed()
    for frame in range(round(seconds * rate) + 1):
        time = frame / rate
        angle = np.radians(turn(time) if callable(turn) else turn)
        body = posed(time).landmarks()
        across = body[:, 0] * np.sin(angle) - body[:, 2] * np.cos(angle)
        points = np.stack([500 + _PIXELS * across, 500 - _PIXELS * body[:, 1]], axis=1).astype(np.float32)
        visibility = np.ones(COUNT, np.float32)
        visibility[list(hide(frame))] = 0
        kept.add(Sighting(1, frame, time, Pose(points, visibility, 1.0, None)))
    return kept
