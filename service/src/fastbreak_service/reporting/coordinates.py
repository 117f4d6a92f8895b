# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Landmarks as coordinates of OpenSim's models, with their signs, as far as one camera's view defines them.

The names, axes and signs are those of Rajagopal's model (2016) and its kin: x is forward, y up, z to the person's
right, and a coordinate is a turn of the outer segment about one of these in the inner.

* **From the side** (`movement.view`) what turns about z is seen: pelvis_tilt, hip_flexion, knee_angle, ankle_angle,
  arm_flex and elbow_flex. Which way is forward is told from feet and head, beside shank and trunk, so that it holds
  upside down too. Pelvis and trunk count as one segment from the hips' middle to the shoulders': its lean is
  pelvis_tilt, and lumbar_extension is left out, which is 0 then. Thighs and upper arms are
  held against that one, where `vision.angles` holds each against its own side's.
* **From the front, or behind**, what turns about x of pelvis and trunk: pelvis_list and lumbar_bending. Which side is
  the right one is told from the labels of hips and shoulders. Legs and arms are left out: how far a thigh is to the
  side is seen only together with how far it is forward. So is a trunk that leans toward the camera or away from it,
  which looks shorter than legs or shoulders say that it is: from there on nothing is told.
* **From elsewhere** nothing.

Degrees, in the plane of the picture; a camera that is not level is in pelvis_tilt and pelvis_list.
"""

from __future__ import annotations

import warnings
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fastbreak_service.movement.series import KEPT, heights
from fastbreak_service.movement.values import View
from fastbreak_service.movement.view import FRONTAL_SHOULDERS, TRUNK_OF_HEIGHT, view_of
from fastbreak_service.vision.angles import MINIMUM_SEGMENT_PIXELS
from fastbreak_service.vision.landmarks import Landmark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastbreak_service.movement.series import Doubles, Flags
    from fastbreak_service.reporting.markers import Places

_SIDES = ("LEFT", "RIGHT")
_LIMBS = {"hip_flexion": -120, "knee_angle": -90, "ankle_angle": -180, "arm_flex": -120, "elbow_flex": -90}
"""In the order in which they are told, each with the end of its turn, which is far from where the joint can be."""
ROUND = frozenset({"pelvis_tilt", "pelvis_list"})
"""Those that may go round, as in a somersault or a cartwheel. The others are joints, in one turn of 360 degrees."""
SAGITTAL = ("pelvis_tilt", *(f"{name}_{side}" for name in _LIMBS for side in "lr"))
FRONTAL = ("pelvis_list", "lumbar_bending")
_AS_ONE = "pelvis and trunk are told as one segment, whose lean is pelvis_tilt or pelvis_list"
_NO_ORIGIN = "the origin of the pelvis is no landmark; markers (TRC) have where hips are"
_OUT_OF_PLANE = "turns out of the plane that a camera at the side sees"
_ALONG = "turns out of the plane that a camera in front or behind sees"
_BOTH = "a camera in front or behind sees it only together with flexion"
_ABOUT = "the turn of a segment about itself shows in no landmark"
_ALWAYS = {
    "pelvis_tx, pelvis_ty, pelvis_tz": _NO_ORIGIN,
    "hip_rotation, arm_rot, pro_sup, lumbar_rotation": _ABOUT,
    "subtalar_angle, mtp_angle, wrist": "the landmarks of feet and hands do not tell it",
}


class Look(StrEnum):
    """From where somebody is seen, and which way they face in the picture."""

    TO_THE_RIGHT = "sagittal, facing the picture's right"
    TO_THE_LEFT = "sagittal, facing the picture's left"
    TO_THE_CAMERA = "frontal, facing the camera"
    AWAY = "frontal, facing away"
    NO_WAY = "the view is from the side, but feet and head do not tell which way is forward"
    NO_SIDE = "the view is frontal, but hips and shoulders do not tell which side is the right one"
    LEANS = "the view is frontal, but the trunk leans toward the camera or away from it"
    OBLIQUE = "the view is oblique: angles in the picture are no joints' there"
    UNKNOWN = "shoulders, trunk and legs were not seen well enough to tell the view"


SEEN = {
    Look.TO_THE_RIGHT: SAGITTAL,
    Look.TO_THE_LEFT: SAGITTAL,
    Look.TO_THE_CAMERA: FRONTAL,
    Look.AWAY: FRONTAL,
}
"""What each look defines; the others define nothing, and say why."""
LEFT_OUT: Mapping[tuple[str, ...], Mapping[str, str]] = {
    SAGITTAL: {
        "lumbar_extension": _AS_ONE,
        "pelvis_list, pelvis_rotation, hip_adduction, lumbar_bending, arm_add": _OUT_OF_PLANE,
        **_ALWAYS,
    },
    FRONTAL: {
        "pelvis_tilt, lumbar_extension, hip_flexion, knee_angle, ankle_angle, arm_flex, elbow_flex": _ALONG,
        "hip_adduction, arm_add": _BOTH,
        "pelvis_rotation": "shoulders tell that the view is frontal, but not by how many degrees it is off",
        **_ALWAYS,
    },
}
"""Of both views, which coordinates of the models are never told, and why."""
_AROUND_SECONDS = 0.5
"""Before and after a sample; how somebody is seen is the median of so long."""
_CLEAR = 0.3
"""Of 1, where feet are square to the shank and the nose to the trunk: less does not tell which way is forward."""
_WIDEST_SHOULDERS = 1.1 * FRONTAL_SHOULDERS
"""Of a trunk's length; people differ by about a tenth."""
_LONG_ENOUGH = 0.85
"""Of the length that legs and shoulders say a trunk has. That is a lean of 40 degrees, with which 10 degrees of the
hips look like 8, and of the trunk like 13."""
_LEANS_SECONDS = 0.1
"""Before and after a sample in which the trunk looks short, so that noise does not cut the time around it to pieces."""
_BLOCK = 8192


class Told(NamedTuple):
    """How somebody is seen in each sample, and coordinates by their names in degrees, NaN where one is not known."""

    looks: list[Look]
    values: dict[str, Doubles]


def coordinates(found: Places) -> Told:
    """The coordinates of a person."""
    points = found.points
    forward = _middling(_forward(points), found.rate)
    trunk = TRUNK_OF_HEIGHT * heights(points[:, KEPT], found.rate)
    leans = _leans(points, trunk, found.rate)
    # A bend of over a right angle has the trunk upside down, as if the other side was the right one.
    right = _middling(np.where(leans, np.nan, _right(points)), found.rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = _middling(_shoulders(points) / trunk, found.rate)
    samples = zip(width.tolist(), forward.tolist(), right.tolist(), leans.tolist(), strict=True)
    looks = [_look(*sample) for sample in samples]
    values = _sagittal(points, np.where(forward < 0, -1.0, 1.0)) | _frontal(points, np.where(right < 0, -1.0, 1.0))
    return Told(looks, values)


def _look(width: float, forward: float, right: float, leans: bool) -> Look:
    view = View.UNKNOWN if np.isnan(width) else view_of(width)
    if view is View.SAGITTAL:
        if not abs(forward) >= _CLEAR:
            return Look.NO_WAY
        return Look.TO_THE_RIGHT if forward > 0 else Look.TO_THE_LEFT
    if view is View.FRONTAL and leans:
        return Look.LEANS
    if view is View.FRONTAL:
        if not abs(right) >= _CLEAR:
            return Look.NO_SIDE
        return Look.AWAY if right > 0 else Look.TO_THE_CAMERA
    return Look.OBLIQUE if view is View.OBLIQUE else Look.UNKNOWN


def _leans(points: Doubles, trunk: Doubles, rate: float) -> Flags:
    """Whether a trunk of such a length, or one that goes with these shoulders, looks short around a sample."""
    seen = np.linalg.norm(_middle(points, "SHOULDER") - _middle(points, "HIP"), axis=1)
    short = seen < _LONG_ENOUGH * np.fmax(trunk, _shoulders(points) / _WIDEST_SHOULDERS)
    around = round(_LEANS_SECONDS * rate)
    return np.lib.stride_tricks.sliding_window_view(np.pad(short, around), 2 * around + 1).any(axis=1)


def _shoulders(points: Doubles) -> Doubles:
    width: Doubles = np.linalg.norm(_between(points, "LEFT_SHOULDER", "RIGHT_SHOULDER"), axis=1)
    return width


def _sagittal(points: Doubles, forward: Doubles) -> dict[str, Doubles]:
    def of(vector: Doubles) -> Doubles:
        return _degrees(forward * vector[:, 0], vector[:, 1], vector)

    trunk = of(_middle(points, "HIP") - _middle(points, "SHOULDER"))
    found = {"pelvis_tilt": _turn(trunk)}
    for side in _SIDES:
        thigh, shank, foot, upper, fore = (
            of(_between(points, f"{side}_{first}", f"{side}_{last}"))
            for first, last in (
                ("HIP", "KNEE"),
                ("KNEE", "ANKLE"),
                ("HEEL", "FOOT_INDEX"),
                ("SHOULDER", "ELBOW"),
                ("ELBOW", "WRIST"),
            )
        )
        angles = (thigh - trunk, thigh - shank, foot - shank - 90, upper - trunk, fore - upper)
        limbs = zip(_LIMBS.items(), angles, strict=True)
        found |= {f"{name}_{side[0].lower()}": _turn(angle, lowest) for (name, lowest), angle in limbs}
    return found


def _frontal(points: Doubles, right: Doubles) -> dict[str, Doubles]:
    hips = _between(points, "LEFT_HIP", "RIGHT_HIP")
    trunk = _middle(points, "SHOULDER") - _middle(points, "HIP")
    down = _degrees(hips[:, 1], right * hips[:, 0], hips)
    lean = _degrees(right * trunk[:, 0], -trunk[:, 1], trunk)
    return {"pelvis_list": down, "lumbar_bending": _turn(lean - down)}


def _forward(points: Doubles) -> Doubles:
    """1 where feet and head point to the right of an upright picture, -1 to the left, the mean of those that tell."""
    trunk = _middle(points, "SHOULDER") - _middle(points, "HIP")
    ears = _mean(np.stack([points[:, Landmark.LEFT_EAR], points[:, Landmark.RIGHT_EAR]]))
    told = [_square(trunk, points[:, Landmark.NOSE] - ears)]
    for side in _SIDES:
        shank = _between(points, f"{side}_ANKLE", f"{side}_KNEE")
        told.append(_square(shank, _between(points, f"{side}_HEEL", f"{side}_FOOT_INDEX")))
    return _mean(np.stack(told))


def _right(points: Doubles) -> Doubles:
    """1 where the right hip and shoulder are to the picture's right of an upright trunk, -1 to the left."""
    trunk = _middle(points, "SHOULDER") - _middle(points, "HIP")
    told = [_square(trunk, _between(points, f"LEFT_{joint}", f"RIGHT_{joint}")) for joint in ("HIP", "SHOULDER")]
    return _mean(np.stack(told))


def _square(along: Doubles, across: Doubles) -> Doubles:
    """The sine of the angle from one to the other."""
    with np.errstate(divide="ignore", invalid="ignore"):
        cross = along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0]
        sine: Doubles = cross / (np.linalg.norm(along, axis=1) * np.linalg.norm(across, axis=1))
    return sine


def _degrees(across: Doubles, along: Doubles, segment: Doubles) -> Doubles:
    angle = np.degrees(np.arctan2(across, along))
    return np.where(np.linalg.norm(segment, axis=1) >= MINIMUM_SEGMENT_PIXELS, angle, np.nan)


def _turn(angle: Doubles, lowest: int = -180) -> Doubles:
    """The same angle in the turn from `lowest` on, in degrees."""
    return (angle - lowest) % 360 + lowest


def _between(points: Doubles, first: str, last: str) -> Doubles:
    vector: Doubles = points[:, Landmark[last]] - points[:, Landmark[first]]
    return vector


def _middle(points: Doubles, joint: str) -> Doubles:
    middle: Doubles = (points[:, Landmark[f"LEFT_{joint}"]] + points[:, Landmark[f"RIGHT_{joint}"]]) / 2
    return middle


def _mean(told: Doubles) -> Doubles:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mean: Doubles = np.nanmean(told, axis=0)
    return mean


def _middling(values: Doubles, rate: float) -> Doubles:
    """The median around each sample, of those that are known."""
    around = max(1, round(_AROUND_SECONDS * rate))
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, around, constant_values=np.nan), 2 * around + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        blocks = [np.nanmedian(windows[first : first + _BLOCK], axis=1) for first in range(0, len(windows), _BLOCK)]
    median: Doubles = np.concatenate(blocks)
    return median
