# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""When a fall ends, against a fit of each moment by itself."""

from __future__ import annotations

import numpy as np
import pytest

from fastbreak_service.movement.moments import _GRAVITY, start, stop

RATE, BODY = 60.0, 400.0


def foot(contact: float, noise: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How low a foot is that falls freely and comes to rest at a sample, or between two."""
    before = np.minimum(0.0, np.arange(60) - contact)
    level = 300 + 6.0 * before + _GRAVITY * BODY / RATE**2 / 2 * before**2
    return np.asarray(level + np.random.default_rng(4).normal(0, noise, 60))


@pytest.mark.parametrize("contact", [29.0, 30.25, 31.5])
@pytest.mark.parametrize("missing", [[], [28], [27, 33]])
def test_a_fall_ends_where_the_best_fit_says(contact: float, missing: list[int]) -> None:
    heights = foot(contact, 0.3)
    heights[missing] = np.nan
    found = stop(heights, 20, 40, RATE, BODY)
    assert found is not None
    assert found.at == pytest.approx(contact, abs=0.3)
    there = np.flatnonzero(np.isfinite(heights))
    before = np.minimum(0.0, there - found.at)
    near = (there >= 20) & (there <= 40)
    straight = heights[there] - _GRAVITY * BODY / RATE**2 / 2 * before**2
    speed, level = np.polyfit(before[near], straight[near], 1)
    assert found.speed == pytest.approx(speed, abs=0.6)
    assert found.level == pytest.approx(level, abs=1.0)


def test_of_too_little_nothing_is_told() -> None:
    heights = np.full(60, np.nan)
    assert stop(heights, 20, 40, RATE, BODY) is None
    heights[30:33] = 300
    assert stop(heights, 20, 40, RATE, BODY) is None


def test_a_rise_begins_where_a_fall_would_have_ended() -> None:
    found = start(foot(30.0, 0.0)[::-1], 20, 40, RATE, BODY)
    assert found is not None
    assert found.at == pytest.approx(29.0, abs=0.2)
