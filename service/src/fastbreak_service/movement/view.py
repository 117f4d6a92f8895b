# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""From where a body is seen, told from how wide shoulders and hips look beside the trunk's length.

Seen from the front the shoulders' joints are about .72 and the hips' .42 trunk lengths apart (medians of the network's
landmarks on a man who faces the camera; people differ by about a tenth). Turned by an angle they look as much narrower
as its cosine says. So

* within about 16 degrees of a side view the shoulders look narrower than .2 trunk lengths: **sagittal**;
* from .62 on it is **frontal**. A cosine hardly changes near 0, so this cannot tell 0 from 30 degrees; the errors of
  frontal measures contain what that does to them (`measures`). Nor does it tell front from back;
* else **oblique**, where an angle in the image is no joint's.

The trunk's length is its longest within a second, so that bending toward the camera does not make a side view frontal.
A camera that looks down or up is not noticed.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.movement.series import HIP, SHOULDER
from fastbreak_service.movement.values import View, ViewEstimate

if TYPE_CHECKING:
    from fastbreak_service.movement.series import Motion

TRUNK_OF_HEIGHT = 0.288
FRONTAL_SHOULDERS = 0.72
NARROWEST_FRONTAL = 0.62
WIDEST_SAGITTAL = 0.2


def view(motion: Motion, first: int, last: int) -> ViewEstimate:
    """The view in the samples from `first` to `last`, both included, by the median of their widths."""
    trunk = TRUNK_OF_HEIGHT * motion.height[first : last + 1]
    shoulders, hips = (_median(_width(motion, joint, first, last) / trunk) for joint in (SHOULDER, HIP))
    if shoulders is None:
        return ViewEstimate(View.UNKNOWN, None, _rounded(hips), None)
    turned = math.degrees(math.acos(min(1.0, shoulders / FRONTAL_SHOULDERS)))
    return ViewEstimate(view_of(shoulders), _rounded(shoulders), _rounded(hips), round(turned, 1))


def view_of(shoulders: float) -> View:
    """The view in which shoulders look so wide, in lengths of the trunk."""
    if shoulders >= NARROWEST_FRONTAL:
        return View.FRONTAL
    return View.SAGITTAL if shoulders <= WIDEST_SAGITTAL else View.OBLIQUE


def _width(motion: Motion, joint: int, first: int, last: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    points = motion.smooth[first : last + 1]
    return np.linalg.norm(points[:, joint] - points[:, joint + 1], axis=-1)


def _median(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        middle = float(np.nanmedian(values))
    return middle if math.isfinite(middle) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
