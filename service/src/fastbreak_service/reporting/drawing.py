# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A person's landmarks and number, drawn into red, green and blue pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.movement.series import ANKLE, HEEL, HIP, KNEE, SHOULDER, TOE

if TYPE_CHECKING:
    from fastbreak_service.movement.series import Doubles
    from fastbreak_service.vision.arrays import Bytes

SIDED = ((SHOULDER, HIP), (HIP, KNEE), (KNEE, ANKLE), (ANKLE, HEEL), (HEEL, TOE))
"""Pairs of left landmarks with a line between them; the right ones are next to each."""
ACROSS = (SHOULDER, HIP)
"""Left landmarks with a line to the right one."""
_LINES = [*((joint, joint + 1) for joint in ACROSS), *((a + side, b + side) for a, b in SIDED for side in (0, 1))]
# Told apart by most people with one of the usual colour deficiencies (Okabe and Ito, Color Universal Design, 2008).
_COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (213, 94, 0), (204, 121, 167))
_DARK = (0, 0, 0)
_THICKNESS_OF_HEIGHT = 1 / 360
# Three columns and five rows of bits a digit, from the top left.
_DIGITS = (
    (0b111, 0b101, 0b101, 0b101, 0b111),
    (0b010, 0b110, 0b010, 0b010, 0b111),
    (0b111, 0b001, 0b111, 0b100, 0b111),
    (0b111, 0b001, 0b111, 0b001, 0b111),
    (0b101, 0b101, 0b111, 0b001, 0b001),
    (0b111, 0b100, 0b111, 0b001, 0b111),
    (0b111, 0b100, 0b111, 0b101, 0b111),
    (0b111, 0b001, 0b001, 0b001, 0b001),
    (0b111, 0b101, 0b111, 0b101, 0b111),
    (0b111, 0b101, 0b111, 0b001, 0b111),
)
_DIGIT_WIDTH = 3


def draw(pixels: Bytes, points: Doubles, person: int) -> None:
    """Draw landmarks (12, 2) in pixels, NaN where one is hidden, with the person's number above them."""
    colour = _COLOURS[(person - 1) % len(_COLOURS)]
    thickness = max(1, round(pixels.shape[0] * _THICKNESS_OF_HEIGHT))
    for reach, paint in ((thickness + 1, _DARK), (thickness, colour)):
        for one, other in _LINES:
            _line(pixels, points[one], points[other], reach, paint)
    # What is not known is not below anything.
    known = points[((points >= 0) & (points < pixels.shape[1::-1])).all(axis=1)]
    if len(known):
        _number(pixels, person, known.min(axis=0), 2 * thickness, colour)


def _line(pixels: Bytes, start: Doubles, end: Doubles, reach: int, colour: tuple[int, int, int]) -> None:
    """A line `2 reach - 1` pixels wide; none to a point that is not known."""
    if not (np.isfinite(start).all() and np.isfinite(end).all()):
        return
    height, width = pixels.shape[:2]
    steps = min(int(np.abs(end - start).max()), 2 * max(height, width)) + 1
    along = np.linspace(start, end, steps + 1).round().astype(int)
    offsets = np.arange(1 - reach, reach)
    columns = (along[:, 0, None, None] + offsets[None, :, None]).repeat(len(offsets), axis=2)
    rows = (along[:, 1, None, None] + offsets[None, None, :]).repeat(len(offsets), axis=1)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    pixels[rows[inside], columns[inside]] = colour


def _number(pixels: Bytes, number: int, above: Doubles, size: int, colour: tuple[int, int, int]) -> None:
    """A number whose lower left corner is above a point, each of its dots `size` pixels, on black."""
    digits = [_DIGITS[int(digit)] for digit in str(number)]
    wide = (_DIGIT_WIDTH + 1) * len(digits) + 1
    dots = np.zeros((len(_DIGITS[0]) + 2, wide), bool)
    for place, rows in enumerate(digits):
        for row, bits in enumerate(rows):
            for column in range(_DIGIT_WIDTH):
                dots[row + 1, 1 + place * (_DIGIT_WIDTH + 1) + column] = bits >> (_DIGIT_WIDTH - 1 - column) & 1
    shape = dots.repeat(size, axis=0).repeat(size, axis=1)
    height, width = pixels.shape[:2]
    top = min(max(0, int(above[1]) - shape.shape[0] - size), max(0, height - shape.shape[0]))
    left = min(max(0, int(above[0])), max(0, width - shape.shape[1]))
    part = pixels[top : top + shape.shape[0], left : left + shape.shape[1]]
    part[:] = np.where(shape[: part.shape[0], : part.shape[1], None], colour, _DARK)
