# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A frame as a decoder leaves it: three planes, and what their values mean.

Frames are not converted to red, green and blue as a whole: a network looks at a small part of each, and the conversion
of that part is a thousandth of the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Bytes, Floats


@dataclass(frozen=True, slots=True)
class Colour:
    """How the values of three planes become red, green and blue, 0 to 255: `matrix` @ (values - `offsets`).

    `offsets` (3,) are the values of black; `matrix` (3, 3).
    """

    offsets: Floats
    matrix: Floats


@dataclass(frozen=True, slots=True)
class Picture:
    """Three planes of 8 bits; the first has the frame's size, the others are equal and may be coarser."""

    planes: tuple[Bytes, Bytes, Bytes]
    colour: Colour

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.planes[0].shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.planes[0].shape[0])


def luma_chroma(red_weight: float, blue_weight: float, *, full_range: bool) -> Colour:
    """The colour of Y, Cb and Cr planes with the weights of red and blue in the luma (ITU-T H.273, table 4).

    `full_range`: the values use all of 0 to 255, not 16 to 235 and 16 to 240.
    """
    green_weight = 1 - red_weight - blue_weight
    red, blue = 2 * (1 - red_weight), 2 * (1 - blue_weight)
    matrix = np.array(
        [
            [1, 0, red],
            [1, -blue * blue_weight / green_weight, -red * red_weight / green_weight],
            [1, blue, 0],
        ]
    )
    if not full_range:
        matrix *= np.array([255 / 219, 255 / 224, 255 / 224])
    return Colour(np.array([0 if full_range else 16, 128, 128], np.float32), matrix.astype(np.float32))


GREEN_BLUE_RED = Colour(np.zeros(3, np.float32), np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], np.float32))
"""The colour of green, blue and red planes, the order in which FFmpeg keeps them."""
