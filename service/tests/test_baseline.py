# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A player's landings against their own earlier ones: what is told, and what must not be."""

from __future__ import annotations

import math
import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fastbreak_service.movement.baseline import MOST_LANDINGS, MOST_MEASURED, NEEDED_VALUES, compared
from fastbreak_service.movement.own_range import MOST_RECORDINGS, own_range
from fastbreak_service.movement.values import Legs, Name, Side, Status, Unlike, View
from support.landings import landing, recording

if TYPE_CHECKING:
    from fastbreak_service.movement.baseline import Recording
    from fastbreak_service.movement.values import Finding

DAYS = [(70.0, 72.0, 74.0, 71.0), (73.0, 75.0, 71.0, 72.0), (69.0, 71.0, 73.0, 74.0)]
values = st.floats(-60, 120).map(lambda value: round(value, 2))


def earlier(**more: Any) -> list[Recording]:
    """Twelve landings of three days, about 72 degrees."""
    return [recording(f"day {number}", day, **more) for number, day in enumerate(DAYS)]


def told(now: Recording, before: list[Recording]) -> Finding:
    """The one finding."""
    (finding,) = compared(now, before).findings
    return finding


def test_a_range_is_a_prediction_interval_over_recordings() -> None:
    """By hand: means 1, 3, 5 of two values each, one apart from their mean."""
    found = own_range([(0.0, 2.0), (2.0, 4.0), (4.0, 6.0)])
    half = 4.303 * math.sqrt(4 * (1 + 1 / 3) + 2 * (1 - 1 / 2))
    assert (found.mean, found.low, found.high) == pytest.approx((3.0, 3.0 - half, 3.0 + half))


def test_the_range_of_single_landings_is_that_of_one_sample() -> None:
    found = own_range([(1.0,), (2.0,), (3.0,), (4.0,)])
    assert found.high - found.mean == pytest.approx(3.182 * math.sqrt(5 / 3 * (1 + 1 / 4)))


@pytest.mark.parametrize(
    "recordings", [[], [(1.0, 2.0)], [(1.0,), ()], [(1.0,), (math.nan,)], [(1.0,)] * (MOST_RECORDINGS + 1)]
)
def test_no_range_is_told_of_too_little_or_of_no_numbers(recordings: list[tuple[float, ...]]) -> None:
    with pytest.raises(ValueError, match="a range needs"):
        own_range(recordings)


def test_a_change_beyond_range_and_errors_is_for_review_with_what_it_stands_on() -> None:
    finding = told(recording("now", (30.0, 32.0, 31.0)), earlier())
    assert (finding.status, finding.repetitions, finding.needed) == (Status.FOR_REVIEW, 3, 3)
    assert finding.words.startswith("For review: below the own range of ")
    assert [shown.contact_frame for shown in finding.shown] == [100, 200, 300]
    assert finding.baseline is not None
    assert (finding.baseline.values, len(finding.baseline.earlier), finding.baseline.error) == (12, 3, 3.0)
    assert (finding.reference.above, finding.reference.mark) == (False, "own")
    assert finding.reference.population == "12 landings in 3 earlier recordings of this player"
    assert finding.reference.limit == pytest.approx(finding.baseline.low - 3.0)


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ((72.0, 73.0, 71.0), Status.NOT_CLEAR),
        ((30.0, 31.0), Status.NOT_ENOUGH_REPETITIONS),
        ((30.0, 31.0, 72.0), Status.NOT_CLEAR),
        ((30.0, 31.0, 32.0, 72.0, 71.0, 73.0), Status.NOT_CLEAR),
        ((30.0, 31.0, 32.0, 110.0, 72.0), Status.FOR_REVIEW),
        ((30.0, 31.0, 110.0, 111.0), Status.NOT_CLEAR),
        ((110.0, 111.0, 112.0), Status.FOR_REVIEW),
    ],
)
def test_three_landings_and_more_than_half_have_to_clear_the_range_to_one_side(
    now: tuple[float, ...], status: Status
) -> None:
    assert told(recording("now", now), earlier()).status is status


def test_too_few_earlier_landings_are_no_baseline_and_counted() -> None:
    found = compared(recording("now", (30.0, 31.0, 32.0)), earlier()[:2])
    assert not found.findings
    (missing,) = found.missing
    assert (missing.values, missing.values_needed, missing.analyses, missing.analyses_needed) == (8, 12, 2, 3)
    assert missing.words == "No baseline: 8 of 12 earlier landings in 2 of 3 recordings."


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"view": View.FRONTAL}, Unlike.VIEW),
        ({"rate": 30.0}, Unlike.RATE),
        ({"definitions": 2}, Unlike.DEFINITION),
    ],
)
def test_what_was_measured_otherwise_is_not_compared_and_counted(more: dict[str, Any], why: Unlike) -> None:
    (missing,) = compared(recording("now", (30.0, 31.0, 32.0)), earlier(**more)).missing
    assert [(one.why, one.values) for one in missing.left_out] == [(why, 12)]
    assert "Not compared: 12 " in missing.words


def test_another_network_or_precision_is_not_compared() -> None:
    before = [replace(one, network="blazepose-full-bf16 0") for one in earlier()]
    (missing,) = compared(recording("now", (30.0, 31.0, 32.0)), before).missing
    assert [(one.why, one.values) for one in missing.left_out] == [(Unlike.NETWORK, 12)]


def test_rates_that_are_nearly_the_same_are_compared() -> None:
    assert compared(recording("now", (72.0, 71.0, 70.0), rate=59.94), earlier()).findings


@pytest.mark.parametrize("more", [{"side": Side.RIGHT}, {"legs": Legs.SINGLE}, {"measure": Name.PEAK_HIP_FLEXION}])
def test_sides_legs_and_measures_are_never_mixed(more: dict[str, Any]) -> None:
    (missing,) = compared(recording("now", (30.0, 31.0, 32.0)), earlier(**more)).missing
    assert (missing.values, missing.left_out) == (0, [])


def test_landings_on_unknown_legs_are_not_compared() -> None:
    found = compared(recording("now", (30.0, 31.0, 32.0), legs=Legs.UNKNOWN), earlier(legs=Legs.UNKNOWN))
    assert (found.findings, found.missing) == ([], [])


def test_own_footage_and_copies_count_once_and_never_against_themselves() -> None:
    now, before = recording("now", (72.0, 71.0, 70.0)), earlier()
    again = replace(before[0], analysis="sent again", footage="")
    same_clip = replace(recording("under another name", (1.0, 2.0)), footage=now.footage)
    itself = replace(recording("now", (1.0, 2.0)), footage="")
    copy = replace(now, analysis="copy", footage="")
    found = told(now, [itself, same_clip, *before, again, copy])
    assert found.baseline is not None
    assert (found.baseline.values, [one.analysis for one in found.baseline.earlier]) == (
        12,
        ["day 0", "day 1", "day 2"],
    )
    assert [(one.why, one.values) for one in found.baseline.left_out] == [(Unlike.COPY, 2 + 2 + 4 + 3)]
    assert "Not compared: 11 of a clip that is there already." in found.words


def test_a_copy_that_is_not_comparable_hides_no_comparable_one() -> None:
    copies = [replace(one, analysis=f"bf16 {one.analysis}", network="blazepose-full-bf16 0") for one in earlier()]
    found = told(recording("now", (72.0, 71.0, 70.0)), [*copies, *earlier()])
    assert found.baseline is not None
    assert found.baseline.values == 12
    assert [(one.why, one.values) for one in found.baseline.left_out] == [(Unlike.NETWORK, 12)]


def test_the_newest_comparable_recordings_are_compared_and_the_others_counted() -> None:
    many = [recording(f"day {number}", (70.0 + number, 71.0)) for number in range(MOST_RECORDINGS + 5)]
    other = [recording(f"front {number}", (8.0 + number,), view=View.FRONTAL) for number in range(MOST_RECORDINGS)]
    found = told(recording("now", (72.0, 71.0, 70.0)), [*other, *many])
    assert found.baseline is not None
    assert {one.analysis for one in found.baseline.earlier} == {one.analysis for one in many[:MOST_RECORDINGS]}
    left_out = [(one.why, one.values) for one in found.baseline.left_out]
    assert left_out == [(Unlike.VIEW, MOST_RECORDINGS), (Unlike.LIMIT, 10)]


def test_all_landings_of_this_clip_count_and_fifty_comparable_of_each_earlier_one() -> None:
    tired = (72.0, 71.0, 70.0) * 20 + (30.0,) * 61
    found = told(recording("now", tired), earlier())
    assert (found.repetitions, found.status) == (len(tired), Status.FOR_REVIEW)
    first = recording("day 0", [70.0 + place / 100 for place in range(MOST_LANDINGS + 7)])
    unknown = [landing(70.0, contact=place, legs=Legs.UNKNOWN) for place in range(MOST_LANDINGS)]
    before = [replace(first, landings=[*unknown, *first.landings]), *earlier()[1:]]
    found = told(recording("now", (72.0, 71.0, 70.0)), before)
    assert found.baseline is not None
    assert found.baseline.values == MOST_LANDINGS + 8
    assert [(one.why, one.values) for one in found.baseline.left_out] == [(Unlike.LIMIT, 7)]


@pytest.mark.parametrize(
    ("now", "error", "words"),
    [
        ((72.0, 73.0, 71.0), 3.0, "3 of 3 landings are within the own range of "),
        ((45.0, 48.0, 46.0), 12.4, "Of 3 landings 3 below the own range of "),
        ((45.0, 48.0, 99.0, 72.0), 14.0, "Of 4 landings 1 above and 2 below the own range of "),
    ],
)
def test_what_does_not_clear_the_range_is_not_said_to_be_within_it(
    now: tuple[float, ...], error: float, words: str
) -> None:
    before = [recording(f"day {number}", day, error) for number, day in enumerate(DAYS)]
    found = told(recording("now", now, error), before)
    assert found.status is Status.NOT_CLEAR
    assert found.words.startswith(words)
    assert ("neither told nor excluded" in found.words) is (now != (72.0, 73.0, 71.0))
    assert found.baseline is not None
    below = re.search(r"clears it below (-?[\d.]+) or above", found.words)
    assert below is not None
    clear = told(recording("now", [float(below[1]) - 0.1] * 3, error), before)
    assert clear.status is Status.FOR_REVIEW


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf, -math.inf, 1e160, -2.0 * MOST_MEASURED])
@pytest.mark.parametrize("of", ["value", "error"])
def test_what_is_no_number_is_never_compared(nothing: float | None, of: str) -> None:
    odd = landing(nothing if of == "value" else 30.0, nothing if of == "error" else 3.0)
    now = recording("now", (72.0, 71.0, 70.0))
    assert compared(replace(now, landings=[odd] * 3), earlier()).findings == []
    before = [replace(one, landings=[*one.landings, odd]) for one in earlier()]
    assert compared(now, before) == compared(now, earlier())


def test_an_error_below_zero_is_never_compared() -> None:
    found = compared(recording("now", (30.0, 31.0, 32.0)), earlier(error=-20.0))
    assert found.findings == []


def test_nothing_to_compare_tells_nothing() -> None:
    assert compared(recording("now", ()), earlier()).missing == []
    (missing,) = compared(recording("now", (1.0,)), []).missing
    assert (missing.values, missing.analyses) == (0, 0)


days = st.lists(st.lists(values, min_size=4, max_size=5), min_size=3, max_size=5, unique_by=tuple)
"""Of other footage each: what is the same to the last digit counts once."""


@given(days, st.lists(values, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_order_tells_nothing(before: list[list[float]], now: list[float], shuffle: random.Random) -> None:
    assume(now not in before)
    recordings = [recording(f"day {number}", day) for number, day in enumerate(before)]
    mixed = [replace(one, landings=shuffle.sample(list(one.landings), len(one.landings))) for one in recordings]
    shuffle.shuffle(mixed)
    mine = recording("now", now)
    assert compared(mine, mixed) == compared(mine, recordings)


@given(days, st.floats(0, 6).filter(lambda error: error >= 0.01), st.sampled_from([-1, 1]))
def test_a_shift_of_all_values_below_the_errors_is_never_told(
    before: list[list[float]], error: float, sign: int
) -> None:
    recordings = [recording(f"day {number}", day, error) for number, day in enumerate(before)]
    within = [value for day in before for value in day if _inside(value, before)]
    assume(within)
    shifted = recording("now", [value + sign * 0.99 * (2 * error - 0.02) for value in within], error)
    assert all(one.status is not Status.FOR_REVIEW for one in compared(shifted, recordings).findings)


def _inside(value: float, before: list[list[float]]) -> bool:
    """Whether a value is in the player's own range."""
    own = own_range(before)
    return own.low <= value <= own.high


@given(days, st.lists(values, min_size=3, max_size=6))
def test_left_and_right_tell_the_same_of_the_same_values(before: list[list[float]], now: list[float]) -> None:
    assume(now not in before)

    def of(side: Side) -> Finding:
        recordings = [recording(f"day {number}", day, side=side) for number, day in enumerate(before)]
        return told(recording("now", now, side=side), recordings)

    assert replace(of(Side.LEFT), side=Side.RIGHT) == of(Side.RIGHT)


@given(days, st.lists(values, min_size=3, max_size=6), st.floats(1, 20))
def test_larger_errors_never_tell_more(before: list[list[float]], now: list[float], more: float) -> None:
    assume(now not in before)

    def cleared(error: float) -> int:
        recordings = [recording(f"day {number}", day, error) for number, day in enumerate(before)]
        return told(recording("now", now, error), recordings).status is Status.FOR_REVIEW

    assert cleared(2.0 + more) <= cleared(2.0)


def test_false_alarms_are_rare_where_nobody_changes() -> None:
    """The knee's projection angle varies by 2.9 degrees between days (SEM of Munro 2012), and by 4 within one."""
    chance = random.Random(20261128)  # noqa: S311 - no secret
    rounds, alarms = 1000, 0
    for _ in range(rounds):
        days_of = [[chance.gauss(day, 4.0) for _ in range(4)] for day in (chance.gauss(8.0, 2.9) for _ in range(5))]
        before = [recording(f"day {number}", day, 0.0) for number, day in enumerate(days_of[:-1])]
        alarms += told(recording("now", days_of[-1], 0.0), before).status is Status.FOR_REVIEW
    assert alarms <= 0.02 * rounds
    assert len(days_of[:-1]) * 4 >= NEEDED_VALUES
