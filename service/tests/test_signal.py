# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Filtering against scipy and against signals whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from fastbreak_service.signal import (
    _medians,
    all_smoothed,
    bridged,
    cutoff_by_residuals,
    filtered,
    low_passed,
    smoothed,
    without_outliers,
)

RATE = 60.0
TIME = np.arange(240) / RATE


def squat(noise: float = 0.0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A knee angle: down and up once a second, with white noise of a standard deviation."""
    truth = 60 + 40 * np.sin(2 * np.pi * TIME) + 8 * np.sin(2 * np.pi * 3 * TIME)
    return np.asarray(truth + np.random.default_rng(2).normal(0, noise, len(TIME)) if noise else truth)


def test_the_filter_is_scipys_with_winters_correction() -> None:
    values = squat(3)
    corrected = np.arctan(np.tan(np.pi * 6 / RATE) / (np.sqrt(2) - 1) ** 0.25) * RATE / np.pi
    expected = sosfiltfilt(butter(2, corrected, fs=RATE, output="sos"), values)
    np.testing.assert_allclose(low_passed(values, RATE, 6), expected)


def test_several_series_are_filtered_as_each_alone() -> None:
    """Whatever gaps each has."""
    generator = np.random.default_rng(3)
    columns = [squat(3) + shift for shift in (0.0, 5.0, 9.0, 12.0)]
    for column in columns[1:3]:
        column[100:130] = np.nan
    columns[3][generator.integers(0, len(TIME), 6)] = np.nan
    for together, column in zip(all_smoothed(columns, RATE, 6.0), columns, strict=True):
        np.testing.assert_array_equal(together, smoothed(column, RATE, 6.0))


@pytest.mark.parametrize("length", [20, 21, 240])
def test_each_length_is_filtered_as_by_scipy(length: int) -> None:
    values = squat(3)[:length]
    corrected = np.arctan(np.tan(np.pi * 6 / RATE) / (np.sqrt(2) - 1) ** 0.25) * RATE / np.pi
    expected = sosfiltfilt(butter(2, corrected, fs=RATE, output="sos"), values)
    np.testing.assert_allclose(low_passed(values, RATE, 6), expected)


@given(
    st.lists(
        st.lists(st.one_of(st.just(np.nan), st.floats(-100, 100)), min_size=7, max_size=7).filter(
            lambda window: not np.isnan(window).all()
        ),
        min_size=1,
        max_size=5,
    )
)
def test_medians_are_numpys(windows: list[list[float]]) -> None:
    np.testing.assert_allclose(_medians(np.array(windows)), np.nanmedian(windows, axis=1))


@pytest.mark.parametrize("cutoff", [3.0, 6.0, 10.0])
def test_at_its_cut_off_half_of_the_power_is_left_and_nothing_is_late(cutoff: float) -> None:
    time = np.arange(1200) / RATE
    wave = np.sin(2 * np.pi * cutoff * time)
    left = low_passed(wave, RATE, cutoff)[300:900]
    assert np.sqrt(np.mean(left**2) / np.mean(wave[300:900] ** 2)) == pytest.approx(np.sqrt(0.5), abs=0.02)
    assert np.corrcoef(left, wave[300:900])[0, 1] > 0.999


@pytest.mark.parametrize("place", [30, 57, 120])
def test_an_outlier_is_found_where_it_is(place: int) -> None:
    values = squat(0.5)
    values[place] += 90
    cleaned, outliers = without_outliers(values)
    assert outliers[place]
    assert np.isnan(cleaned[place])
    assert outliers.sum() < 0.1 * len(values)


def test_a_step_is_no_outlier() -> None:
    values = np.repeat([10.0, 80.0], 30)
    assert not without_outliers(values)[1].any()


def test_a_window_of_gaps_judges_nothing() -> None:
    values = np.full(21, np.nan)
    values[[5, 10, 15]] = [1, 100, 1]
    assert not without_outliers(values)[1].any()


@pytest.mark.parametrize(("gap", "filled"), [(1, True), (6, True), (7, False), (40, False)])
def test_a_gap_is_bridged_up_to_a_tenth_of_a_second(gap: int, filled: bool) -> None:
    values = squat()
    values[100 : 100 + gap] = np.nan
    result = filtered(values, RATE)
    assert result.interpolated.sum() == (gap if filled else 0)
    assert np.isnan(result.values).sum() == (0 if filled else gap)
    if filled:
        np.testing.assert_allclose(result.values[100 : 100 + gap], squat()[100 : 100 + gap], atol=2.5)


@given(
    st.lists(st.one_of(st.floats(-180, 180), st.just(float("nan"))), min_size=0, max_size=80),
    st.integers(0, 10),
)
def test_bridging_adds_between_neighbours_alone(content: list[float], longest: int) -> None:
    values = np.array(content, np.float64)
    result, added = bridged(values, longest)
    np.testing.assert_array_equal(result[~added], values[~added])
    there = np.flatnonzero(np.isfinite(values))
    for place in np.flatnonzero(added):
        before, after = there[there < place].max(), there[there > place].min()
        assert after - before - 1 <= longest
        low, high = sorted((values[before], values[after]))
        assert low - 1e-9 <= result[place] <= high + 1e-9


def test_a_gap_in_a_series_that_hardly_changes_is_bridged() -> None:
    result, added = bridged(np.array([0.0, 1e-310, np.nan, 3e-310, 4e-310]), 1)
    assert added.tolist() == [False, False, True, False, False]
    assert result[2] == pytest.approx(0.0, abs=1e-300)


@pytest.mark.parametrize("noise", [0.5, 2.0, 4.0])
def test_filtering_brings_a_noisy_series_nearer_to_the_truth(noise: float) -> None:
    result = filtered(squat(noise), RATE)
    assert result.cutoff_hz is not None
    assert 2 <= result.cutoff_hz <= 12
    inner = slice(20, -20)
    before = np.sqrt(np.mean((squat(noise) - squat())[inner] ** 2))
    after = np.sqrt(np.nanmean((result.values - squat())[inner] ** 2))
    assert after < 0.75 * before
    # the peak is what is measured
    assert np.nanmax(result.values[inner]) == pytest.approx(squat()[inner].max(), abs=max(1.0, noise))


def test_more_noise_asks_for_a_lower_cut_off() -> None:
    little, much = (cutoff_by_residuals(squat(noise), RATE) for noise in (0.2, 6.0))
    assert little is not None
    assert much is not None
    assert much < little


@pytest.mark.parametrize("values", [np.array([]), np.full(50, np.nan), np.array([1.0, np.nan, 3.0]), np.full(50, 7.0)])
@pytest.mark.parametrize("rate", [1.0, 240.0])
def test_whatever_the_series_nothing_is_invented(values: np.ndarray, rate: float) -> None:
    result = filtered(values, rate)
    assert result.values.shape == values.shape
    assert np.isfinite(result.values).sum() == np.isfinite(values).sum() + result.interpolated.sum()
    np.testing.assert_allclose(result.values[np.isfinite(values)], values[np.isfinite(values)], atol=1e-6)


@pytest.mark.parametrize("rate", [0.0, -30.0, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="positive rate"):
        filtered(squat(), rate)
