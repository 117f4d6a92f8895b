# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which landmarks are each other's counterparts, and poses with left and right exchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.landmarks import Landmark

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from fastbreak_service.vision.arrays import Floats

    type Rows = npt.NDArray[np.intp]


def _pairs(*names: str) -> Rows:
    """The rows of left landmarks, and of their counterparts: (2, n)."""
    rows = [[Landmark[name.format(side)] for name in names] for side in ("LEFT", "RIGHT")]
    return np.array(rows, np.intp)


LEGS = _pairs("{}_HIP", "{}_KNEE", "{}_ANKLE", "{}_HEEL", "{}_FOOT_INDEX")
ARMS = _pairs(
    *("{}_SHOULDER", "{}_ELBOW", "{}_WRIST", "{}_PINKY", "{}_INDEX", "{}_THUMB"),
    *("{}_EYE_INNER", "{}_EYE", "{}_EYE_OUTER", "{}_EAR", "MOUTH_{}"),
)
GROUPS = (LEGS, ARMS)


def swapped(points: Floats, visibility: Floats, groups: Sequence[Rows]) -> tuple[Floats, Floats]:
    """A pose with left and right of some groups exchanged: `points` (33, 2), `visibility` (33,)."""
    rows = np.arange(len(points))
    for left, right in groups:
        rows[left], rows[right] = right, left
    return points[rows], visibility[rows]
