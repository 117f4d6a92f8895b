# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is measured of a landing, each with its error or the reason why not.

From the side (sagittal view), angles in the plane of the image as `vision.angles` defines them:

* **knee flexion at contact**: what the last .1 s of the fall lead to at the moment of contact, on a straight line
  through what was seen; the filter, and the frame after the moment, would mix in how the knee gives way;
* its **peak** from contact to .1 s after the deepest frame; **excursion** is their difference; **peak hip flexion**
  likewise;
* **trunk lean**: from the vertical at the deepest frame, forward or backward alike.

From the front:

* **knee projection angle**: frontal-plane projection angle (Herrington and Munro 2010): between the line from hip to
  knee, prolonged, and the line from knee to ankle, at the deepest frame; positive when the knee is nearer to the other
  leg (valgus), 0 on a straight line. The hip's joint stands for the spina iliaca.
* **knee separation**: the knees' distance in percent of the hips', at the deepest frame. Noyes 2005 measured between
  markers on the trochanters, which are further apart than the network's hips: the figures are not comparable.
* **trunk lean**: to either side.

What is measured at the deepest frame differs in those of which nothing tells that they are less deep. By how much is in
the error.

Left less right, of peak knee flexion and of the projection angle, where both were measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.movement import errors
from fastbreak_service.movement.series import ANKLE, HIP, KNEE, SHOULDER
from fastbreak_service.movement.values import Name, Reason, Side, Unit, Value, View
from fastbreak_service.vision.angles import flexion
from fastbreak_service.vision.angles import lean as lean_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastbreak_service.movement.events import Fall
    from fastbreak_service.movement.series import Doubles, Motion

_AFTER_SECONDS = 0.1
_ENOUGH = 0.8
"""The share of a stretch's frames in which a joint must be seen for a peak in it."""
_BEFORE_SECONDS, _FEWEST = 0.1, 3
"""Of a fall, whose angles tell the one at contact, and the fewest frames of it."""
_NEAR = 0.25
"""Parts of a frame before the moment of contact in which the foot may be on the ground already."""
_SIDES = (Side.LEFT, Side.RIGHT)
_VIEWS = {
    Name.KNEE_FLEXION_AT_CONTACT: (View.SAGITTAL,),
    Name.PEAK_KNEE_FLEXION: (View.SAGITTAL,),
    Name.KNEE_FLEXION_EXCURSION: (View.SAGITTAL,),
    Name.PEAK_HIP_FLEXION: (View.SAGITTAL,),
    Name.TRUNK_LEAN: (View.SAGITTAL, View.FRONTAL),
    Name.KNEE_PROJECTION_ANGLE: (View.FRONTAL,),
    Name.KNEE_SEPARATION: (View.FRONTAL,),
    Name.PEAK_KNEE_FLEXION_DIFFERENCE: (View.SAGITTAL,),
    Name.KNEE_PROJECTION_ANGLE_DIFFERENCE: (View.FRONTAL,),
}


@dataclass(frozen=True, slots=True)
class _Scene:
    """A landing as the measures see it."""

    motion: Motion
    contact: int
    moment: float
    deepest: int
    last: int
    lowest: tuple[int, int]
    view: View
    height: float

    def frame(self, sample: int) -> int:
        return int(self.motion.frames[sample])


def measures(motion: Motion, fall: Fall, view: View) -> list[Value]:
    """Every measure of a landing, in the order of `Name`."""
    last = min(len(motion.times) - 1, fall.deepest + round(_AFTER_SECONDS * motion.rate))
    height = float(motion.height[fall.deepest])
    scene = _Scene(motion, fall.contact, fall.moment, fall.deepest, last, fall.lowest, view, height)
    knees = [_knee(scene, side) for side in (0, 1)]
    projections = [_refused_or(scene, Name.KNEE_PROJECTION_ANGLE, side) or _projection(scene, side) for side in (0, 1)]
    return [
        *(measure for knee in knees for measure in knee),
        *(_refused_or(scene, Name.PEAK_HIP_FLEXION, side) or _peak_hip(scene, side) for side in (0, 1)),
        _refused_or(scene, Name.TRUNK_LEAN, None) or _lean(scene),
        *projections,
        _refused_or(scene, Name.KNEE_SEPARATION, None) or _separation(scene),
        _difference(scene, Name.PEAK_KNEE_FLEXION_DIFFERENCE, [knee[1] for knee in knees]),
        _difference(scene, Name.KNEE_PROJECTION_ANGLE_DIFFERENCE, projections),
    ]


def _refused_or(scene: _Scene, name: Name, side: int | None) -> Value | None:
    """Why a measure cannot be taken of a scene whatever the landmarks are, None if it may."""
    if scene.view not in _VIEWS[name]:
        wanted = " or ".join(_VIEWS[name])
        return _none(name, side, Reason.VIEW, f"Needs a {wanted} view; this one is {scene.view}.")
    if not scene.height >= errors.LOWEST_HEIGHT:
        words = f"Needs a body of {errors.LOWEST_HEIGHT:.0f} pixels; this one has {scene.height:.0f}."
        return _none(name, side, Reason.SIZE, words)
    return None


def _none(name: Name, side: int | None, reason: Reason, words: str) -> Value:
    unit = Unit.PERCENT if name is Name.KNEE_SEPARATION else Unit.DEGREE
    return Value(name, Side.BOTH if side is None else _SIDES[side], unit, None, None, None, reason, words)


def _found(  # noqa: PLR0913, PLR0917 - a value is all of this
    scene: _Scene,
    name: Name,
    side: int | None,
    value: float,
    error: float,
    sample: int,
    why: Reason = Reason.SIZE,
    because: str = "",
) -> Value:
    """A value, or `why` its error is too large for one; `because` says it otherwise than usual."""
    unit = Unit.PERCENT if name is Name.KNEE_SEPARATION else Unit.DEGREE
    most = errors.LARGEST_PERCENT_ERROR if unit is Unit.PERCENT else errors.LARGEST_ERROR
    if error > most:
        sign = "%" if unit is Unit.PERCENT else " degrees"
        words = f"The error would be {error:.0f}{sign}, more than {most:.0f}: {because or _WHY[why]}."
        return _none(name, side, why, words)
    whose = Side.BOTH if side is None else _SIDES[side]
    return Value(name, whose, unit, round(value, 2), round(error, 2), scene.frame(sample), None, "")


_MOVING = "the body goes on moving in the frames of which nothing tells which is the deepest"
_WHY = {
    Reason.VIEW: "the knee is bent too far for a camera that may stand 15 degrees off the front",
    Reason.SIZE: "the body is too small",
    Reason.DOUBT: "the errors of both sides add up",
    Reason.RATE: "too few frames a second for how fast the joint turns and how small the body is",
}


def _breaks_off(scene: _Scene) -> bool:
    """Whether the hips were lost between contact and soon after the deepest frame, for longer than is bridged."""
    return bool(np.isnan(scene.motion.raw[scene.contact : scene.last + 1, HIP : HIP + 2]).any())


def _unseen(scene: _Scene, name: Name, side: int | None, samples: Sequence[int]) -> Value:
    if scene.motion.sighted[list(samples)].all() and not _breaks_off(scene):
        return _none(name, side, Reason.OCCLUSION, "A joint that it needs was hidden, or not seen surely enough.")
    return _none(name, side, Reason.GAP, "The person was not seen all the time.")


def _flexion(scene: _Scene, joints: tuple[int, int, int], side: int, sample: int, *, raw: bool = False) -> float:
    """An angle in a sample, NaN unless all its joints were measured there."""
    rows = [joint + side for joint in joints]
    if scene.motion.bridged[sample, rows].any():
        return math.nan
    points = (scene.motion.raw if raw else scene.motion.smooth)[sample, rows]
    value = flexion(*points) if np.isfinite(points).all() else None
    return math.nan if value is None else value


def _error(scene: _Scene, joints: tuple[int, int, int], side: int, sample: int) -> float:
    """Of an angle from the side; what the filter changed there may be motion that it took for noise."""
    kept, seen = (_flexion(scene, joints, side, sample, raw=raw) for raw in (False, True))
    return math.hypot(errors.sagittal_joint(scene.height), kept - seen)


_KNEE = (HIP, KNEE, ANKLE)
_HIP = (SHOULDER, HIP, KNEE)


def _peak(scene: _Scene, name: Name, joints: tuple[int, int, int], side: int) -> Value:
    if refused := _refused_or(scene, name, side):
        return refused
    samples = range(scene.contact, scene.last + 1)
    values = np.array([_flexion(scene, joints, side, sample) for sample in samples])
    if np.isfinite(values).mean() < _ENOUGH:
        return _unseen(scene, name, side, samples)
    top = int(np.nanargmax(values))
    sample = scene.contact + top
    return _found(scene, name, side, float(values[top]), _error(scene, joints, side, sample), sample, Reason.RATE)


def _peak_hip(scene: _Scene, side: int) -> Value:
    return _peak(scene, Name.PEAK_HIP_FLEXION, _HIP, side)


def _knee(scene: _Scene, side: int) -> tuple[Value, Value, Value]:
    """Flexion at contact, its peak and the excursion."""
    contact, peak = _at_contact(scene, side), _peak(scene, Name.PEAK_KNEE_FLEXION, _KNEE, side)
    name = Name.KNEE_FLEXION_EXCURSION
    missing = contact if contact.value is None else peak
    if contact.value is None or contact.error is None or peak.value is None or peak.error is None:
        assert missing.not_measurable is not None  # noqa: S101 - a value or a reason
        return contact, peak, _none(name, side, missing.not_measurable, missing.words)
    error, top = math.hypot(contact.error, peak.error), scene.deepest
    return contact, peak, _found(scene, name, side, peak.value - contact.value, error, top, Reason.RATE)


def _at_contact(scene: _Scene, side: int) -> Value:
    name = Name.KNEE_FLEXION_AT_CONTACT
    if refused := _refused_or(scene, name, side):
        return refused
    end = math.ceil(scene.moment - _NEAR)
    begin = max(0, min(math.ceil(scene.moment - _BEFORE_SECONDS * scene.motion.rate), end - _FEWEST))
    before = range(begin, end)
    values = np.array([_flexion(scene, _KNEE, side, sample, raw=True) for sample in before], np.float64)
    there = np.flatnonzero(np.isfinite(values))
    if len(there) < max(_FEWEST, _ENOUGH * len(before)):
        return _unseen(scene, name, side, [*before, scene.contact])
    value, error = errors.continued((there + begin - scene.moment).astype(np.float64), values[there], scene.height)
    return _found(scene, name, side, max(0.0, value), error, scene.contact, Reason.RATE)


def _deepest(scene: _Scene, rows: list[int]) -> bool:
    """Whether landmarks were measured in the deepest frame, and nothing deeper may be in a gap."""
    if _breaks_off(scene):
        return False
    there = np.isfinite(scene.motion.smooth[scene.deepest, rows]).all()
    return bool(there and not scene.motion.bridged[scene.deepest, rows].any())


def _at_deepest(  # noqa: PLR0913, PLR0917 - as a value
    scene: _Scene, name: Name, side: int | None, of: Callable[[Doubles], float], error: float, why: Reason = Reason.SIZE
) -> Value:
    """What landmarks say in the deepest frame. Which it is is known to some frames, in which the body goes on turning.

    The most by which these and their neighbours differ from it is in the error.
    """
    smooth, (first, last) = scene.motion.smooth, scene.lowest
    around = np.array([of(points) for points in smooth[max(0, first - 1) : last + 2]], np.float64)
    value = of(smooth[scene.deepest])
    left_open = float(np.nanmax(np.abs(around - value)))
    found = scene, name, side, value, math.hypot(error, left_open), scene.deepest
    return _found(*found, Reason.DOUBT, _MOVING) if left_open > error else _found(*found, why)


def _lean(scene: _Scene) -> Value:
    name, rows = Name.TRUNK_LEAN, [HIP, HIP + 1, SHOULDER, SHOULDER + 1]
    if not _deepest(scene, rows):
        return _unseen(scene, name, None, [scene.deepest])
    if lean_of(*scene.motion.smooth[scene.deepest, rows]) is None:
        return _unseen(scene, name, None, [scene.deepest])
    return _at_deepest(scene, name, None, _leaning, errors.lean(scene.height))


def _leaning(points: Doubles) -> float:
    value = lean_of(*points[[HIP, HIP + 1, SHOULDER, SHOULDER + 1]])
    return math.nan if value is None else abs(value)


def _projection(scene: _Scene, side: int) -> Value:
    name, rows = Name.KNEE_PROJECTION_ANGLE, [HIP + side, KNEE + side, ANKLE + side]
    if not _deepest(scene, [*rows, HIP + 1 - side]):
        return _unseen(scene, name, side, [scene.deepest])
    points = scene.motion.smooth[scene.deepest]
    hip, knee, ankle = points[rows]
    leg = float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))
    error = errors.projection(scene.height, leg)
    return _at_deepest(scene, name, side, partial(projection_angle, side=side), error, Reason.VIEW)


def projection_angle(points: Doubles, side: int) -> float:
    """The knee projection angle of a frame's landmarks (12, 2) on the left (0) or right (1), in degrees."""
    hip, knee, ankle = points[[HIP + side, KNEE + side, ANKLE + side]]
    thigh, shank = knee - hip, ankle - knee
    turn = math.degrees(math.atan2(thigh[0] * shank[1] - thigh[1] * shank[0], float(thigh @ shank)))
    # In an image a shank that turns to the left of the thigh's way (down) has a positive cross product.
    inward = 1 if points[HIP + 1 - side, 0] > hip[0] else -1
    return turn * inward


def _separation(scene: _Scene) -> Value:
    name, rows = Name.KNEE_SEPARATION, [KNEE, KNEE + 1, HIP, HIP + 1]
    if not _deepest(scene, rows):
        return _unseen(scene, name, None, [scene.deepest])
    percent = _apart(scene.motion.smooth[scene.deepest])
    return _at_deepest(scene, name, None, _apart, errors.separation(scene.height, percent / 100))


def _apart(points: Doubles) -> float:
    """The knees' distance in percent of the hips'."""
    left, right, hip, other = points[[KNEE, KNEE + 1, HIP, HIP + 1]]
    return float(100 * np.linalg.norm(left - right) / max(1.0, float(np.linalg.norm(hip - other))))


def _difference(scene: _Scene, name: Name, both: list[Value]) -> Value:
    left, right = both
    if left.value is None or right.value is None or left.error is None or right.error is None:
        missing = left if left.value is None else right
        assert missing.not_measurable is not None  # noqa: S101 - a value or a reason
        return _none(name, None, missing.not_measurable, missing.words)
    # The same view is in both errors.
    error = math.hypot(left.error, right.error)
    return _found(scene, name, None, left.value - right.value, error, scene.deepest, Reason.DOUBT)
