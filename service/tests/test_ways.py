# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Cuts and decelerations of figures whose way is known."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from fastbreak_service.movement.review import Trails, first_of, review
from fastbreak_service.movement.series import KEPT, Trail
from fastbreak_service.movement.values import Cut, Deceleration, Landing, Reason
from fastbreak_service.vision.landmarks import COUNT, Landmark
from fastbreak_service.vision.shift import STILL, Shift
from fastbreak_service.vision.tracker import Sighting
from support.figures import METRES, Camera, Drop, Leap, Stance, running, seen, squatting

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastbreak_service.vision.pose import Pose

    type Place = tuple[float, float]

RATES = (25, 30, 120)


def still(_time: float) -> Shift | None:
    """A camera on a tripod."""
    return STILL


def filmed(  # noqa: PLR0913 - a film is all of this
    way: Callable[[float], Place],
    camera: Camera,
    *,
    moves: Callable[[float], Stance] = running,
    ground: Callable[[float], Shift | None] = still,
    told: Callable[[float], Shift | None] | None = None,
    small: float = 0.0,
    size: Callable[[float], float] = lambda _time: 1.0,
    scene: Callable[[float], int] = lambda _time: 0,
    seconds: float = 3.2,
) -> list[Cut | Deceleration]:
    """Cuts and decelerations of a figure that goes a way in metres of the picture, by a camera that is known.

    Or of which is `told`, in pixels of a picture of which `small` are one.
    """
    trail, noise = Trail(), np.random.default_rng(camera.seed)
    for frame in range(round(seconds * camera.rate) + 1):
        time = frame / camera.rate
        across, down = (part * camera.height / METRES for part in way(time))
        body = seen(moves(time), camera)
        shown = body.mean(axis=0) + size(time) * (body - body.mean(axis=0)) + (across, down)
        shift = ground(time)
        if shift is not None:
            shown = np.array([shift.back(x, y) for x, y in shown])
        landmarks = np.zeros((COUNT, 2), np.float32)
        landmarks[KEPT] = shown + noise.normal(0, camera.noise, shown.shape)
        pose = cast("Pose", SimpleNamespace(points=landmarks, visibility=np.ones(COUNT, np.float32)))
        trail.add(frame, time, pose, told(time) if told else shift, scene(time))
    return [event for event in review(trail, camera.rate, small)[0] if isinstance(event, Cut | Deceleration)]


def landed(moves: Callable[[float], Stance], ground: Callable[[float], Shift | None], scenes: int = 0) -> list[Landing]:
    """The landings of a figure before a camera that is known; it is known of none where `scenes` begin anew."""
    trail, noise, camera = Trail(), np.random.default_rng(1), Camera(rate=60, height=300, noise=1.5)
    for frame in range(241):
        shift = ground(frame / 60)
        shown = seen(moves(frame / 60), camera)
        if shift is not None:
            shown = np.array([shift.back(x, y) for x, y in shown])
        landmarks = np.zeros((COUNT, 2), np.float32)
        landmarks[KEPT] = shown + noise.normal(0, camera.noise, shown.shape)
        pose = cast("Pose", SimpleNamespace(points=landmarks, visibility=np.ones(COUNT, np.float32)))
        trail.add(frame, frame / 60, pose, shift, frame * scenes // 240)
    return [event for event in review(trail, camera.rate)[0] if isinstance(event, Landing)]


def tilted(time: float) -> Shift:
    """The ground of a camera that tilts up by .6 body heights in .4 s, after a second."""
    return Shift(1, 0, 0, -450 * min(max(time - 1, 0), 0.4))


def jerked(time: float) -> Shift:
    """The ground of a camera that is jerked down and up again, in .3 s each."""
    return Shift(1, 0, 0, 450 * (min(max(time - 1, 0), 0.3) - min(max(time - 1.3, 0), 0.3)))


def rolled(time: float) -> Shift:
    """The ground of a camera that pans and rolls."""
    turn = 0.1 * math.sin(3 * time)
    return Shift(math.cos(turn), math.sin(turn), 500 * time, -300 * math.sin(turn))


@pytest.mark.parametrize("ground", [tilted, jerked, rolled])
def test_who_stands_before_a_camera_that_moves_does_not_land(ground: Callable[[float], Shift]) -> None:
    assert landed(lambda _time: Stance(), ground) == []


@pytest.mark.parametrize("ground", [tilted, jerked, rolled])
def test_who_lands_before_a_camera_that_moves_lands_when_before_one_that_does_not(
    ground: Callable[[float], Shift],
) -> None:
    (moving,), (standing,) = (landed(Drop(contact=2.0), seen_by) for seen_by in (ground, still))
    assert abs(moving.contact_frame - standing.contact_frame) <= 1
    assert moving.fall_speed == pytest.approx(standing.fall_speed, rel=0.06)
    assert moving.legs == standing.legs


def test_where_nothing_tells_of_the_camera_landings_are_those_of_a_picture_that_stands_still() -> None:
    moves = Drop(contact=2.0)
    assert landed(moves, lambda _time: None) == landed(moves, still)
    assert landed(moves, lambda time: STILL if time < 1.8 or time > 2.1 else None) == landed(moves, still)
    # It moved before, and may have done so then.
    assert landed(moves, lambda time: tilted(time) if time < 1.7 or time > 2.6 else None) == []


def test_a_landing_over_two_scenes_is_none() -> None:
    assert landed(Drop(contact=2.0), still, scenes=2) == []
    assert len(landed(Drop(contact=2.6), still, scenes=2)) == 1


@dataclass(frozen=True)
class Turn:
    """Straight on at a speed in metres a second, and from 2 s on by an angle in degrees up the picture."""

    angle: float
    speed: float = 3.5

    def __call__(self, time: float) -> Place:
        way, turned = min(time, 2.0) * self.speed, math.radians(self.angle)
        further = max(0.0, time - 2.0) * self.speed
        return way + further * math.cos(turned), -further * math.sin(turned)


@dataclass(frozen=True)
class Brake:
    """At a speed in metres a second, and from 2 s on evenly slower until it is another."""

    speed: float = 5.0
    rate: float = 5.0
    until: float = 0.0

    def __call__(self, time: float) -> Place:
        braked = min(max(0.0, time - 2.0), (self.speed - self.until) / self.rate)
        way = min(time, 2.0) * self.speed + self.speed * braked - self.rate * braked**2 / 2
        return way + max(0.0, time - 2.0 - braked) * self.until, 0.0


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("angle", [75, 120, 180])
def test_a_sharp_cut_is_found_where_it_is(rate: int, angle: float) -> None:
    (cut,) = filmed(Turn(angle), Camera(rate=rate, noise=2))
    assert isinstance(cut, Cut)
    assert cut.seconds == pytest.approx(2.0, abs=0.1)
    assert cut.frame == pytest.approx(cut.seconds * rate, abs=0.01)
    assert cut.speed_before == pytest.approx(2, abs=0.15)
    assert cut.speed_after == pytest.approx(2, abs=0.15)
    if rate < 29:
        assert (cut.angle_degrees, cut.not_measurable) == (None, Reason.RATE)
    else:
        assert cut.angle_degrees is not None
        assert cut.angle_error is not None
        assert abs(cut.angle_degrees - angle) <= cut.angle_error < 10


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("speed", "brake"), [(5.0, 5.0), (6.0, 7.0), (4.5, 5.0)])
def test_a_stop_is_a_deceleration(rate: int, speed: float, brake: float) -> None:
    (stop,) = filmed(Brake(speed, brake), Camera(rate=rate, noise=2))
    assert isinstance(stop, Deceleration)
    assert 2.0 <= stop.seconds <= 2.0 + speed / brake
    assert stop.speed_before > stop.speed_after
    if rate < 29:
        assert (stop.lost, stop.not_measurable) == (None, Reason.RATE)
    else:
        assert stop.lost is not None
        assert stop.lost_error is not None
        assert stop.lost == pytest.approx(brake / METRES, abs=stop.lost_error + 0.1)


@pytest.mark.parametrize(
    ("way", "moves"),
    [
        (lambda _time: (0.0, 0.0), lambda _time: Stance()),
        (lambda _time: (0.0, 0.0), running),
        (lambda _time: (0.0, 0.0), squatting),
        (Turn(90, 1.4), running),  # who walks
        (Brake(1.4, 5.0), running),
        (Turn(0), running),
        (Turn(30), running),
        (Brake(5.0, 2.5), running),  # who runs out
        (lambda time: (2.5 * math.sin(1.4 * time), 2.5 * math.cos(1.4 * time)), running),  # an arc
        (lambda time: (3.0 * time, 0.0), Leap(height=0.5, takeoff=1.5)),
        (Brake(3.5, 20.0), Drop(contact=2.0)),
    ],
    ids=["stands", "in place", "squats", "walks", "stops walking", "runs", "bends", "runs out", "arc", "jump", "drop"],
)
@pytest.mark.parametrize(("height", "rate"), [(100, 30), (400, 60)])
def test_what_is_neither_makes_no_event(
    way: Callable[[float], Place], moves: Callable[[float], Stance], height: float, rate: int
) -> None:
    assert filmed(way, Camera(height=height, rate=rate, noise=2), moves=moves) == []


@pytest.mark.parametrize("speed_after", [3.2, 1.9])
def test_a_turn_up_and_down_the_picture_is_no_deceleration(speed_after: float) -> None:
    def way(time: float) -> Place:
        return 0.0, -3.2 * min(time, 2.0) + speed_after * max(0.0, time - 2.0)

    assert not [event for event in filmed(way, Camera(rate=60, height=300, noise=2)) if isinstance(event, Deceleration)]


CAMERAS = [Camera(rate=60, height=300, noise=2), Camera(rate=30, height=150, noise=2)]


def down(moves: Callable[[float], Stance], way: Callable[[float], Place], camera: Camera) -> list[str]:
    """The kinds of events of a figure that goes a way in metres of the picture."""
    trail, noise = Trail(), np.random.default_rng(1)
    for frame in range(round(3.2 * camera.rate) + 1):
        time = frame / camera.rate
        landmarks = np.zeros((COUNT, 2), np.float32)
        shown = seen(moves(time), camera) + np.array(way(time)) * camera.height / METRES
        landmarks[KEPT] = shown + noise.normal(0, camera.noise, shown.shape)
        pose = cast("Pose", SimpleNamespace(points=landmarks, visibility=np.ones(COUNT, np.float32)))
        trail.add(frame, time, pose, STILL)
    return [event.kind for event in review(trail, camera.rate)[0]]


@pytest.mark.parametrize("camera", CAMERAS, ids=["60", "30"])
@pytest.mark.parametrize("speed", [2.2, 3.5])
@pytest.mark.parametrize("angle", [60, 120, 180, None])
def test_who_runs_down_the_picture_and_turns_or_stops_does_not_land(
    camera: Camera, speed: float, angle: float | None
) -> None:
    def way(time: float) -> Place:
        further = 0.0 if angle is None else max(0.0, time - 2.0) * speed
        turned = math.radians(angle or 0)
        return further * math.sin(turned), min(time, 2.0) * speed + further * math.cos(turned)

    kinds = down(running, way, camera)
    assert {"landing", "jump"}.isdisjoint(kinds)
    # From 30 frames on; who turns round makes none, nor who runs slowly and stops.
    assert kinds == ["cut"] if angle in {60, 120} else set(kinds) <= {"deceleration"}


@pytest.mark.parametrize("camera", CAMERAS, ids=["60", "30"])
@pytest.mark.parametrize("height", [0.25, 0.6])
def test_who_jumps_and_lands_on_the_way_down_the_picture_lands(camera: Camera, height: float) -> None:
    moves = Leap(takeoff=1.3, height=height)
    landed = 1.3 + moves.flight
    assert "landing" in down(moves, lambda time: (0.0, 1.5 * min(time, landed)), camera)


@pytest.mark.parametrize("height", [40, 70])
def test_who_is_small_and_trembles_makes_no_event(height: float) -> None:
    for seed in range(3):
        assert filmed(lambda time: (3 * time, 0), Camera(height=height, rate=60, noise=2, seed=seed)) == []


def panned(time: float) -> Shift:
    """The ground of a camera that follows, and stops, and trembles by 10 pixels."""
    return Shift(1, 0, 900 * min(time, 1.5) + 10 * math.sin(40 * time), 0)


def test_what_the_camera_does_is_taken_away() -> None:
    camera = Camera(noise=1)
    assert filmed(lambda _time: (0.0, 0.0), camera, ground=panned) == []
    assert filmed(lambda time: (3.0 * time, 0.0), camera, ground=panned) == []
    (cut,) = filmed(Turn(120), camera, ground=panned)
    assert isinstance(cut, Cut)
    assert cut.angle_degrees == pytest.approx(120, abs=9)


def test_landings_come_before_cuts_where_events_are_too_many() -> None:
    (landing,) = landed(Drop(contact=2.0), still)
    (cut,) = filmed(Turn(120), Camera(rate=60))
    early, late = (replace(cut, seconds=seconds) for seconds in (0.1, 3.9))
    found = {1: [early, landing], 2: [replace(landing, contact_seconds=2.2), late]}
    assert first_of(found, 4) == found
    assert first_of(found, 3) == {1: [early, landing], 2: found[2][:1]}
    assert first_of(found, 2) == {1: [landing], 2: found[2][:1]}
    assert first_of(found, 1) == {1: [landing], 2: []}


def test_where_nothing_tells_what_the_camera_did_nothing_is_looked_for() -> None:
    assert filmed(Turn(120), Camera(), ground=lambda _time: None) == []
    assert filmed(Turn(120), Camera(), scene=lambda time: int(time > 2.0)) == []
    assert len(filmed(Turn(120), Camera(), scene=lambda time: int(time > 3.0))) == 1


def test_it_is_told_for_how_long_each_kind_was_looked_for() -> None:
    """None in no time is not none made."""
    for ground, cuts in ((still, 2.4), (lambda _time: None, 0.0)):
        trails = Trails()
        for frame in range(97):
            landmarks = np.zeros((COUNT, 2), np.float32)
            landmarks[KEPT] = seen(running(frame / 30), Camera())
            pose = cast("Pose", SimpleNamespace(points=landmarks, visibility=np.ones(COUNT, np.float32)))
            for person in (1, 2):
                trails.add(Sighting(person, frame, frame / 30, pose, ground(frame / 30)))
        looked = trails.reviewed(30).looked_seconds
        assert looked == pytest.approx(
            {"landing": 6.4, "jump": 6.4, "cut": 2 * cuts, "deceleration": 2 * cuts}, abs=0.1
        )
        assert set(trails.reviewed(15).looked_seconds.values()) == {0}


FEET = (Landmark.LEFT_HEEL, Landmark.RIGHT_HEEL, Landmark.LEFT_FOOT_INDEX, Landmark.RIGHT_FOOT_INDEX)


@pytest.mark.parametrize(
    ("hidden", "since", "scenes", "seconds"),
    [
        (FEET, 0.0, 1, 0.0),
        (FEET, 1.5, 1, 1.6),
        (FEET[::2], 0.0, 1, 3.0),
        ((), 0.0, 1, 3.0),
        ((), 0.0, 2, 2.5),
        ((), 0.0, 12, 0.0),
    ],
)
def test_where_no_landing_could_be_told_none_is_looked_for(
    hidden: tuple[Landmark, ...], since: float, scenes: int, seconds: float
) -> None:
    """A picture that ends above the feet, or is cut, has no landing and no time of one."""
    trails, rate = Trails(), 60
    for frame in range(3 * rate + 1):
        time = frame / rate
        landmarks, visible = np.zeros((COUNT, 2), np.float32), np.ones(COUNT, np.float32)
        landmarks[KEPT] = seen(Drop()(time), Camera(rate=rate))
        if time >= since:
            visible[[*hidden]] = 0
        pose = cast("Pose", SimpleNamespace(points=landmarks, visibility=visible))
        trails.add(Sighting(1, frame, time, pose, STILL, min(scenes - 1, int(time * scenes / 3))))
    found = trails.reviewed(rate)
    assert found.looked_seconds["landing"] == pytest.approx(seconds, abs=0.15)
    assert found.looked_seconds["jump"] == found.looked_seconds["landing"]
    assert seconds > 0 or not found.persons[0].events


def test_a_zoom_and_a_person_who_comes_give_a_reason_and_no_number() -> None:
    (zoomed,) = filmed(Turn(120), Camera(), ground=lambda time: Shift(1 + 0.1 * time, 0, 0, 0))
    (coming,) = filmed(Turn(120, 7.0), Camera(), size=lambda time: 1 + 0.6 * time)
    assert isinstance(zoomed, Cut)
    assert isinstance(coming, Cut)
    assert (zoomed.angle_degrees, zoomed.not_measurable) == (None, Reason.CAMERA)
    assert (coming.angle_degrees, coming.not_measurable) == (None, Reason.VIEW)
    assert zoomed.words
    assert coming.words
