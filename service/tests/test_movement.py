# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Events, views, measures and findings of figures whose motion is known."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastbreak_service.movement.events import Fall
from fastbreak_service.movement.findings import NEEDED, findings
from fastbreak_service.movement.measures import measures
from fastbreak_service.movement.review import review
from fastbreak_service.movement.sampling import HIGHEST_RATE
from fastbreak_service.movement.series import Trail, motion
from fastbreak_service.movement.values import Jump, Landing, Legs, Name, Reason, Side, Status, Unit, Value, View
from support.figures import GRAVITY, LEG, METRES, Camera, Drop, Leap, Stance, film, running, squatting

if TYPE_CHECKING:
    from fastbreak_service.movement.values import Finding

RATES = (25, 30, 60, 240)


def landing_of(drop: Drop, camera: Camera, hidden: tuple[int, ...] = ()) -> Landing:
    """The one landing of a figure."""
    events, _ = review(film(drop, 2.0, camera, hidden), camera.rate)
    (landing,) = [event for event in events if isinstance(event, Landing)]
    return landing


def value_of(landing: Landing, name: Name, side: Side) -> Value:
    """A measure of a landing."""
    (found,) = [value for value in landing.measures if (value.measure, value.side) == (name, side)]
    return found


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("turn", "noise"), [(90, 0.0), (0, 2.0)])
def test_a_landing_is_found_where_the_feet_touch_the_ground(rate: int, turn: float, noise: float) -> None:
    landing = landing_of(Drop(contact=1.003), Camera(rate=rate, turn=turn, noise=noise))
    assert landing.contact_seconds == pytest.approx(1.003, abs=max(1.01 / rate, 0.012))
    assert landing.contact_frame == pytest.approx(landing.contact_seconds * rate, abs=0.01)
    whole = 2 * LEG * (math.cos(math.radians(10)) - math.cos(math.radians(45))) / math.sqrt(2 * GRAVITY * 0.4)
    # The hips are nearly at rest for long before and after their lowest.
    assert landing.deepest_seconds == pytest.approx(1.003 + whole, abs=0.1)
    assert landing.fall_speed == pytest.approx(math.sqrt(2 * GRAVITY * 0.4) / METRES, rel=0.15)
    assert landing.height_pixels == pytest.approx(400, rel=0.05)
    assert landing.legs is Legs.DOUBLE


@pytest.mark.parametrize("rate", RATES)
def test_a_landing_on_one_leg_is_told(rate: int) -> None:
    assert landing_of(Drop(lifted=0.3), Camera(rate=rate, noise=1)).legs is Legs.SINGLE


@pytest.mark.parametrize("moves", [squatting, running, Drop(height=0.1)], ids=["squat", "running", "small hop"])
@pytest.mark.parametrize("turn", [0, 90])
def test_a_squat_a_step_and_a_hop_are_no_landing(moves: Drop, turn: float) -> None:
    assert review(film(moves, 3.0, Camera(turn=turn, noise=2)), 60) == ([], [])


@pytest.mark.parametrize("rate", RATES)
def test_a_jumps_flight_gives_its_height(rate: int) -> None:
    leap = Leap()
    events, _ = review(film(leap, 2.5, Camera(rate=rate, noise=1)), rate)
    jump, landing = events
    assert isinstance(jump, Jump)
    assert isinstance(landing, Landing)
    assert jump.landing_frame == landing.contact_frame
    assert jump.takeoff_seconds == pytest.approx(1.0, abs=max(1.01 / rate, 0.02))
    assert jump.flight_error == pytest.approx(max(0.012, 1 / rate), abs=1e-4)
    assert jump.flight_seconds == pytest.approx(leap.flight, abs=jump.flight_error)
    assert jump.height_metres is not None
    assert jump.height_metres == pytest.approx(0.4, abs=jump.height_error)


@pytest.mark.parametrize("rate", [60, 120, 240])
def test_flights_and_heights_are_as_good_as_they_say(rate: int) -> None:
    missed = []
    for seed in range(10):
        leap = Leap(takeoff=1 + np.random.default_rng(seed).uniform(0, 1 / rate), height=(0.25, 0.4)[seed % 2])
        height = (200, 300, 600)[seed % 3]
        events, _ = review(film(leap, 2.3, Camera(height, rate, noise=max(1.5, 0.006 * height), seed=seed)), rate)
        for jump in events:
            if isinstance(jump, Jump) and jump.flight_seconds and jump.flight_error:
                missed.append(abs(jump.flight_seconds - leap.flight) > jump.flight_error)
            if isinstance(jump, Jump) and jump.height_metres and jump.height_error:
                missed.append(abs(jump.height_metres - leap.height) > jump.height_error)
    assert len(missed) >= 10
    assert np.mean(missed) <= 0.05


def test_a_jump_onto_a_box_has_a_flight_and_no_height() -> None:
    events, _ = review(film(Leap(height=0.6, level=0.3), 2.5, Camera(noise=1)), 60)
    jump = next(event for event in events if isinstance(event, Jump))
    assert jump.flight_seconds is not None
    assert (jump.height_metres, jump.not_measurable) == (None, Reason.LEVEL)


def test_a_flight_that_was_not_seen_whole_is_not_measured() -> None:
    events, _ = review(film(Leap(), 2.5, Camera(), tuple(range(66, 80))), 60)
    jump = next(event for event in events if isinstance(event, Jump))
    assert (jump.flight_seconds, jump.height_metres, jump.not_measurable) == (None, None, Reason.GAP)


@pytest.mark.parametrize(
    ("turn", "view"),
    [(0, View.FRONTAL), (12, View.FRONTAL), (45, View.OBLIQUE), (78, View.SAGITTAL), (90, View.SAGITTAL)],
)
def test_the_view_is_told_with_its_figures(turn: float, view: View) -> None:
    found = landing_of(Drop(), Camera(turn=turn, noise=1)).view
    assert found.view is view
    assert found.shoulder_ratio == pytest.approx(0.72 * math.cos(math.radians(turn)), abs=0.08)
    assert found.degrees_from_frontal == pytest.approx(turn, abs=25)


def test_an_oblique_view_gives_reasons_and_no_number() -> None:
    landing = landing_of(Drop(), Camera(turn=45))
    assert {value.not_measurable for value in landing.measures} == {Reason.VIEW}
    assert all(value.words and value.value is None and value.error is None for value in landing.measures)


def test_a_body_that_is_too_small_gives_reasons_and_no_number() -> None:
    landing = landing_of(Drop(), Camera(height=100))
    assert value_of(landing, Name.PEAK_KNEE_FLEXION, Side.LEFT).not_measurable is Reason.SIZE


def test_a_clip_of_too_few_frames_has_no_events() -> None:
    assert review(film(Drop(), 2.0, Camera(rate=15)), 15) == ([], [])


def test_few_frames_of_a_small_body_tell_no_knee_at_contact() -> None:
    name, drop = Name.KNEE_FLEXION_AT_CONTACT, Drop(height=1.2, first=30)
    slow, fast = (landing_of(drop, Camera(height=160, rate=rate, noise=1)) for rate in (25, 240))
    assert value_of(slow, name, Side.LEFT).not_measurable is Reason.RATE
    assert value_of(fast, name, Side.LEFT).value == pytest.approx(30, abs=5)


def test_what_is_hidden_is_not_measured() -> None:
    trail = film(Drop(), 2.0, Camera())
    shown = np.array(trail.points).reshape(-1, 12, 2)
    shown[60:90, 4] = np.nan
    hidden = Trail()
    hidden.frames, hidden.times = trail.frames, trail.times
    hidden.ground, hidden.scenes = trail.ground, trail.scenes
    hidden.points.extend(shown.ravel().tolist())
    (landing,) = review(hidden, 60)[0]
    assert isinstance(landing, Landing)
    assert value_of(landing, Name.PEAK_KNEE_FLEXION, Side.LEFT).not_measurable is Reason.OCCLUSION
    assert value_of(landing, Name.PEAK_KNEE_FLEXION, Side.RIGHT).value is not None
    assert value_of(landing, Name.PEAK_KNEE_FLEXION_DIFFERENCE, Side.BOTH).not_measurable is Reason.OCCLUSION


@pytest.mark.parametrize("turn", [0, 180])
@pytest.mark.parametrize("inward", [-0.05, 0.05])
def test_knees_that_fall_inward_have_a_positive_angle_from_the_front_and_from_behind(
    turn: float, inward: float
) -> None:
    still = film(lambda _time: Stance(0, 15, inward), 1.0, Camera(turn=turn))
    moved = motion(still, 60)
    assert moved is not None
    found = measures(moved, Fall(20, 30, 20.0, 0.0, Legs.DOUBLE, 2.0, (29, 31)), View.FRONTAL)
    values = [value for value in found if value.measure is Name.KNEE_PROJECTION_ANGLE]
    assert [value.side for value in values] == [Side.LEFT, Side.RIGHT]
    for value in values:
        assert value.value == pytest.approx(2 * math.degrees(math.atan(inward / 0.43)), abs=1)
        assert value.error is not None
        assert 11 < value.error < 15


def finding_of(found: list[Finding], name: Name) -> Finding:
    """The finding of the left leg, or of both."""
    return next(finding for finding in found if finding.measure is name and finding.side is not Side.RIGHT)


def test_a_finding_needs_three_landings_that_clear_the_reference_by_more_than_the_error() -> None:
    stiff, deep, near = (landing_of(Drop(height=0.3, deepest=knees), Camera(noise=1)) for knees in (50, 110, 80))
    name = Name.PEAK_KNEE_FLEXION
    for landings, status, words in (
        ([stiff] * 2, Status.NOT_ENOUGH_REPETITIONS, "Not enough repetitions (2 of 3)."),
        ([stiff] * 3, Status.FOR_REVIEW, "For review: below 83.1 by more than its error in 3 of 3 landings."),
        ([stiff] * 3 + [deep] * 3, Status.NOT_CLEAR, "Clears 83.1 by more than its error in 3 of 6 landings."),
        ([near] * 5, Status.NOT_CLEAR, "Clears 83.1 by more than its error in 0 of 5 landings."),
    ):
        finding = finding_of(findings(landings), name)
        assert (finding.status, finding.words) == (status, words)
        assert finding.needed == NEEDED == 3
        assert [one.contact_frame for one in finding.shown] == [landing.contact_frame for landing in landings]
        assert finding.reference.citation
        assert finding.reference.population


@pytest.mark.parametrize(
    ("differences", "limit", "above", "clear", "words"),
    [
        (
            (25, 30, 28),
            13,
            True,
            3,
            "For review: above 13 (the left larger) by more than its error in 3 of 3 landings.",
        ),
        ((-25, -30, -28), -13, False, 3, "For review: below -13 (the right larger) by more than its error in 3 of 3"),
        ((25, -30, 28), 13, True, 2, "Clears 13 (the left larger) by more than its error in 2 of 3 landings."),
        ((-25, 30, -28, 26), 13, True, 2, "Clears 13 (the left larger) by more than its error in 2 of 4 landings."),
    ],
)
def test_a_difference_counts_to_one_side_at_a_time(
    differences: tuple[float, ...], limit: float, above: bool, clear: int, words: str
) -> None:
    name, landing = Name.PEAK_KNEE_FLEXION_DIFFERENCE, landing_of(Drop(), Camera())
    taken = [Value(name, Side.BOTH, Unit.DEGREE, float(value), 8.0, 70, None, "") for value in differences]
    (found,) = findings([dataclasses.replace(landing, measures=[value]) for value in taken])
    assert found.words.startswith(words)
    assert (found.reference.limit, found.reference.above) == (limit, above)
    assert sum(one.clears for one in found.shown) == clear


def test_a_landing_on_one_leg_is_not_held_against_landings_on_two() -> None:
    landing = dataclasses.replace(landing_of(Drop(), Camera()), legs=Legs.SINGLE)
    assert findings([landing] * 3) == []


def test_frames_of_uneven_times_are_put_on_a_grid() -> None:
    trail, uneven = film(Drop(), 2.0, Camera(rate=120)), Trail()
    kept = [frame for frame in range(241) if frame % 5 not in (1, 2)]
    seen = np.array(trail.points).reshape(-1, 24)
    for frame in kept:
        uneven.frames.append(len(uneven.frames))
        uneven.times.append(trail.times[frame])
        uneven.points.extend(seen[frame].tolist())
    uneven.ground, uneven.scenes = trail.ground[: 4 * len(kept)], trail.scenes[: len(kept)]
    rate = (len(kept) - 1) / trail.times[kept[-1]]
    (landing,) = review(uneven, rate)[0]
    assert isinstance(landing, Landing)
    assert landing.contact_seconds == pytest.approx(1.0, abs=1.01 / rate)
    assert landing.contact_frame == pytest.approx(kept.index(120), abs=1)


def test_a_rate_without_end_makes_no_series_without_end() -> None:
    moved = motion(film(Drop(), 1.0, Camera(rate=1000)), 1000)
    assert moved is not None
    assert len(moved.times) == HIGHEST_RATE + 1


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_hardly_any_sighting_is_no_event(count: int) -> None:
    trail = Trail()
    whole = film(Drop(), 1.0, Camera())
    trail.frames, trail.times, trail.points = whole.frames[:count], whole.times[:count], whole.points[: 24 * count]
    trail.ground, trail.scenes = whole.ground[: 4 * count], whole.scenes[:count]
    assert review(trail, 60) == ([], [])
    assert review(trail, 0) == ([], [])


def test_a_person_of_whom_nothing_is_visible_has_no_event() -> None:
    trail = film(Drop(), 1.0, Camera())
    trail.points = type(trail.points)("f", [math.nan] * len(trail.points))
    assert review(trail, 60) == ([], [])
