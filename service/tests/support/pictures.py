# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Pictures as red, green and blue, and back: what tests look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.picture import GREEN_BLUE_RED, Picture

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Bytes


def rgb(picture: Picture) -> Bytes:
    """Red, green and blue of a picture, (height, width, 3). Coarser planes count for all pixels that they cover."""
    down, across = (
        round(whole / part) for whole, part in zip(picture.planes[0].shape, picture.planes[1].shape, strict=True)
    )
    coarse = [plane.repeat(down, 0).repeat(across, 1) for plane in picture.planes[1:]]
    full = [picture.planes[0], *(plane[: picture.height, : picture.width] for plane in coarse)]
    values = np.stack(full, axis=-1) - picture.colour.offsets
    return np.clip(np.rint(values @ picture.colour.matrix.T), 0, 255).astype(np.uint8)


def picture_of(pixels: Bytes) -> Picture:
    """A picture of red, green and blue pixels, (height, width, 3)."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    return Picture((green, blue, red), GREEN_BLUE_RED)
