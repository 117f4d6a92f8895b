# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How well what several calibrated cameras saw of one body agrees: reprojection error, and how constant bones are.

A joint is triangulated from the cameras that saw it (direct linear transform; Hartley and Zisserman, "Multiple View
Geometry", 2004, section 12.2) and projected back into each. A bone's length should not change: its standard deviation
is given in parts of its mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Doubles = npt.NDArray[np.float64]

VISIBLE = 0.5
ENOUGH_CAMERAS = 3
# Shoulders, elbows, wrists, hips, knees and ankles, by BlazePose's numbers.
JOINTS = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
BONES = ((11, 13), (12, 14), (13, 15), (14, 16), (23, 25), (24, 26), (25, 27), (26, 28))
_UNDISTORTING_STEPS = 5
_AXES = (1, 2, 3)
_DISTORTION = ("radialDistortion1", "radialDistortion2", "tangentalDistortion1", "tangentalDistortion2")


@dataclass(frozen=True, slots=True)
class Camera:
    """Focal lengths and centre in pixels, (2,) each; distortion k1, k2, p1, p2; `pose` (3, 4) from metres to camera."""

    focal: Doubles
    centre: Doubles
    distortion: Doubles
    pose: Doubles

    def distorted(self, plane: Doubles) -> Doubles:
        """Where the lens puts points (..., 2) of the plane at distance 1 (Brown's model)."""
        radial_2, radial_4, tangential_1, tangential_2 = self.distortion
        x, y = plane[..., 0], plane[..., 1]
        square = x * x + y * y
        scale = 1 + radial_2 * square + radial_4 * square * square
        return np.stack(
            [
                x * scale + 2 * tangential_1 * x * y + tangential_2 * (square + 2 * x * x),
                y * scale + tangential_1 * (square + 2 * y * y) + 2 * tangential_2 * x * y,
            ],
            axis=-1,
        )

    def on_plane(self, pixels: Doubles) -> Doubles:
        """Pixels (..., 2) on the plane at distance 1, without the lens's distortion."""
        seen = (pixels - self.centre) / self.focal
        plane = seen
        for _step in range(_UNDISTORTING_STEPS):
            plane = plane - (self.distorted(plane) - seen)
        return plane

    def project(self, point: Doubles) -> Doubles:
        """The pixel, (2,), of a point, (3,), in metres."""
        seen = self.pose[:, :3] @ point + self.pose[:, 3]
        return self.distorted(seen[:2] / seen[2]) * self.focal + self.centre


@dataclass(frozen=True, slots=True)
class Agreement:
    """Reprojection errors in pixels, and bones' deviation in parts of their length, over `seen` joints of frames."""

    seen: int
    median: float
    percentile_95: float
    bones: float


def read(calibration: Path) -> list[Camera]:
    """The cameras of a Qualisys file (.qca.txt): lengths in 64ths of a pixel, positions in millimetres.

    Qualisys turns a camera's frame by 180 degrees around x against the one in which z points at what is seen.
    """
    return [_camera(told) for told in ET.parse(calibration).getroot().iter("camera")]  # noqa: S314 - locked by SHA-256


def _camera(told: ET.Element) -> Camera:
    lens, place = (_numbers(told, part) for part in ("intrinsic", "transform"))
    turned = np.diag([1.0, -1.0, -1.0]) @ np.array([[place[f"r{row}{column}"] for column in _AXES] for row in _AXES])
    position = np.array([place[axis] for axis in "xyz"]) / 1000
    return Camera(
        np.array([lens["focalLengthU"], lens["focalLengthV"]]) / 64,
        np.array([lens["centerPointU"], lens["centerPointV"]]) / 64,
        np.array([lens[name] for name in _DISTORTION]) / 64,
        np.column_stack([turned, -turned @ position]),
    )


def _numbers(told: ET.Element, part: str) -> dict[str, float]:
    return {name: float(value) for element in told.iter(part) for name, value in element.attrib.items()}


def triangulated(plane: Sequence[Doubles], cameras: Sequence[Camera]) -> Doubles:
    """The point in metres, (3,), that cameras see at these places, (2,) each, of their planes."""
    rows = [
        point[axis] * camera.pose[2] - camera.pose[axis]
        for point, camera in zip(plane, cameras, strict=True)
        for axis in (0, 1)
    ]
    found: Doubles = np.linalg.svd(np.array(rows))[2][-1]
    point: Doubles = found[:3] / found[3]
    return point


def visible(seen: Sequence[Doubles]) -> npt.NDArray[np.bool_]:
    """Of (frames, 33, 3) by camera, x, y and visibility, which are seen: (cameras, frames, joints)."""
    picked = np.stack(seen)[:, :, JOINTS]
    return np.isfinite(picked).all(axis=-1) & (picked[..., 2] >= VISIBLE)


def agreement(cameras: Sequence[Camera], seen: Sequence[Doubles], used: npt.NDArray[np.bool_]) -> Agreement:
    """What cameras that saw (frames, 33, 3) agree on. `used` (cameras, frames, joints): what of it counts."""
    plane = [camera.on_plane(points[:, JOINTS, :2]) for camera, points in zip(cameras, seen, strict=True)]
    errors: list[float] = []
    points: dict[tuple[int, int], Doubles] = {}
    for frame, joint in np.argwhere(used.sum(axis=0) >= ENOUGH_CAMERAS).tolist():
        which = np.flatnonzero(used[:, frame, joint]).tolist()
        point = triangulated([plane[index][frame, joint] for index in which], [cameras[index] for index in which])
        points[frame, JOINTS[joint]] = point
        errors += [
            float(np.linalg.norm(cameras[index].project(point) - seen[index][frame, JOINTS[joint], :2]))
            for index in which
        ]
    median, most = np.percentile(errors, (50, 95)).tolist()
    return Agreement(len(points), median, most, _unsteady(points))


def _unsteady(points: Mapping[tuple[int, int], Doubles]) -> float:
    """The mean over the bones of their lengths' standard deviation, in parts of their mean."""
    parts = []
    for first, last in BONES:
        lengths = [
            float(np.linalg.norm(point - points[frame, last]))
            for (frame, joint), point in points.items()
            if joint == first and (frame, last) in points
        ]
        if lengths:
            parts.append(float(np.std(lengths) / np.mean(lengths)))
    return float(np.mean(parts))
