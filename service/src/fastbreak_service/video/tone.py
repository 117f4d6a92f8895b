# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Pictures of high dynamic range as a usual display would show them.

Values by SMPTE ST 2084 (PQ, of HDR10) are luminances; taken for usual ones they make a washed-out picture, in which the
networks lose people. One fixed table turns each of red, green and blue: white of 203 cd/m² (ITU-R BT.2408) is white,
and what is brighter fades into it. Colours keep their wide primaries: they look a little paler. HLG was made to be seen
without it, and is left as it is.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from fastbreak_service.vision.arrays import Bytes

# ITU-T H.273's number of the transfer.
_PQ = 16
FORMAT = "gbrp10le"
_VALUES = 1024
_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
_BRIGHTEST, _WHITE = 10_000, 203
_KNEE = 0.8
"""Of white, linear: what is brighter is pressed into the rest."""


def is_bright(frame: VideoFrame) -> bool:
    """Whether a picture's values are luminances by PQ."""
    return int(frame.color_trc) == _PQ


def shown(values: np.ndarray[tuple[int, ...], np.dtype[np.uint16]]) -> Bytes:
    """Values of 10 bits by PQ as those of 8 bits on a usual display."""
    table = _table()
    seen: Bytes = table.take(values, mode="clip")
    return seen


@cache
def _table() -> Bytes:
    coded = (np.arange(_VALUES) / (_VALUES - 1)) ** (1 / _M2)
    linear = (np.maximum(coded - _C1, 0) / (_C2 - _C3 * coded)) ** (1 / _M1) * _BRIGHTEST / _WHITE
    room = 1 - _KNEE
    pressed = np.where(linear > _KNEE, _KNEE + room * (1 - np.exp((_KNEE - linear) / room)), linear)
    gamma = np.where(pressed <= 0.0031308, 12.92 * pressed, 1.055 * pressed ** (1 / 2.4) - 0.055)
    return np.rint(255 * np.clip(gamma, 0, 1)).astype(np.uint8)
