# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A clip that is looked at in segments and joined, beside the same clip looked at in one go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbreak_service.analysis import MeasureRow, Result, analyse
from fastbreak_service.errors import RejectedVideoError
from fastbreak_service.segments.cutting import Segment, segments
from fastbreak_service.segments.joining import Part, join
from fastbreak_service.segments.looked import Looked, read
from fastbreak_service.segments.looking import look
from fastbreak_service.segments.reading import Account
from fastbreak_service.segments.stitching import same_persons
from fastbreak_service.video.completeness import Completeness
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.limits import Limits
from fastbreak_service.video.packets import packets
from fastbreak_service.vision.models import ModelIdentity
from support import clips

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.vision.arrays import Floats
    from fastbreak_service.vision.models import PoseModel
    from fastbreak_service.vision.tracker import Sighting

RATE = 30
MODEL = ModelIdentity("blazepose-full", "ab" * 32)
_SHAPES = np.random.default_rng(1).uniform(-60, 60, (8, 33, 2)).astype(np.float32)


@dataclass
class Told:
    """What came of a clip."""

    result: Result
    rows: list[MeasureRow]
    sightings: list[Sighting]

    @property
    def angles(self) -> dict[tuple[int, int, str], float]:
        """The measures by person, frame and angle."""
        return {(row.person, row.frame, row.angle): row.value_degrees for row in self.rows}


LIMITS = Limits()


def joined(parts: list[Part], limits: Limits = LIMITS) -> Told:
    """The parts as a whole."""
    rows: list[MeasureRow] = []
    seen: list[Sighting] = []
    return Told(join(parts, limits, rows.append, seen.append), rows, seen)


@pytest.fixture(scope="module")
def footage(demo_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both persons for 45 frames, with a key frame in every ninth."""
    path = tmp_path_factory.mktemp("clips") / "keys.mp4"
    pictures = clips.scaled(demo_clip, frames=45, width=884, first=60)
    return clips.write(path, pictures, clips.Look("libx264", encoder={"g": "9"}))


@pytest.fixture(scope="module")
def whole(footage: Path, vision: PoseModel) -> Told:
    """The clip in one go."""
    rows: list[MeasureRow] = []
    seen: list[Sighting] = []
    return Told(analyse(VideoReader(footage, Limits()), vision, rows.append, follow=seen.append), rows, seen)


def looked_at(footage: Path, vision: PoseModel, seconds: float) -> list[Part]:
    """The clip in segments of some seconds, with a short lead; what was seen of each went through bytes."""
    listed = packets(footage, Limits(), 0)
    assert listed is not None
    cut = segments(listed, seconds, 0.4)
    return [Part(one, read(look(footage, Limits(), one, vision).written())) for one in cut]


def test_one_segment_gives_exactly_what_the_clip_gives(footage: Path, vision: PoseModel, whole: Told) -> None:
    parts = looked_at(footage, vision, 60)
    assert len(parts) == 1
    told = joined(parts)
    assert told.result == whole.result
    assert told.rows == whole.rows
    assert [(one.person, one.frame, one.time_seconds) for one in told.sightings] == [
        (one.person, one.frame, one.time_seconds) for one in whole.sightings
    ]


@pytest.mark.parametrize(("seconds", "count"), [(0.7, 2), (0.29, 5)])
def test_segments_give_the_same_persons_and_nearly_the_same_angles(
    seconds: float, count: int, footage: Path, vision: PoseModel, whole: Told
) -> None:
    parts = looked_at(footage, vision, seconds)
    assert len(parts) == count
    told = joined(parts)
    assert told.result.video == whole.result.video
    assert told.result.model == whole.result.model
    for number, (person, other) in enumerate(zip(told.result.persons[:2], whole.result.persons, strict=False), 1):
        assert person.id == other.id == number
        assert person.first_frame == other.first_frame == 0
        assert person.last_frame == other.last_frame == 44
        assert abs(person.frames - other.frames) <= 2
    mine, theirs = ({key for key in found.angles if key[0] <= 2} for found in (told, whole))
    common = mine & theirs
    assert len(common) >= 0.98 * max(len(mine), len(theirs))
    apart = np.array([abs(told.angles[key] - whole.angles[key]) for key in common])
    assert np.median(apart) <= 0.5
    assert np.quantile(apart, 0.95) <= 6


def test_a_segment_is_as_much_work_as_it_may_be(footage: Path, vision: PoseModel) -> None:
    """What leads to it is not counted: it is counted where it belongs."""
    listed = packets(footage, Limits(), 0)
    assert listed is not None
    cut = segments(listed, 0.7, 0.4)[1]
    asked: list[tuple[float, int]] = []

    def allow(seconds: float, frames: int) -> float:
        asked.append((seconds, frames))
        return seconds + 0.3

    looked = look(footage, Limits(), cut, vision, allow)
    assert looked.lead > 0
    assert asked[0][0] < 0.3
    assert asked[0][1] == 1
    assert len(asked) > 3
    assert looked.account.spent_seconds <= asked[-1][0] + 0.3
    with pytest.raises(RejectedVideoError, match="work"):
        look(footage, Limits(), cut, vision, lambda seconds, _frames: min(seconds + 0.3, 0.6))
    with pytest.raises(RejectedVideoError, match="work"):
        look(footage, Limits(max_work_seconds=0.1), cut, vision, allow)


@dataclass(frozen=True)
class Walk:
    """A body whose middle is at `x` and moves by `step` a frame, seen in frames `first` to `last` of a clip."""

    body: int
    x: float
    step: float
    first: int = 0
    last: int = 10_000


def points_of(walk: Walk, frame: int) -> Floats:
    """The landmarks of a body in a frame."""
    points: Floats = _SHAPES[walk.body] + np.array([walk.x + walk.step * frame, 300], np.float32)
    return points


def segment_of(number: int, count: int, *, seconds: float = 2, lead: float = 1) -> Segment:
    """A segment of a clip of even segments."""
    start = number * seconds
    packed = round(seconds * RATE)
    size, whole = (640, 480), Completeness.WHOLE
    return Segment(number, count, 0.0, max(0.0, start - lead), start, start + seconds, 0, packed, *size, whole)


def seen_of(segment: Segment, walks: list[Walk], noise: float = 0.0) -> Looked:
    """What is seen of a segment in which bodies walk, numbered as they appear."""
    first, own, last = (
        round(moment * RATE) for moment in (segment.lead_seconds, segment.start_seconds, segment.end_seconds)
    )
    random = np.random.default_rng(segment.number)
    numbers: dict[int, int] = {}
    rows = []
    for frame in range(first, last):
        for walk in walks:
            if walk.first <= frame <= walk.last:
                number = numbers.setdefault(walk.body, len(numbers) + 1)
                points = points_of(walk, frame) + random.normal(0, noise or 1e-9, (33, 2))
                rows.append((number, frame - first, points))
    return Looked(
        own - first,
        Account(last - own, 0, 0, interlaced=False, spent_seconds=1.5),
        MODEL,
        np.arange(first, last) / RATE,
        np.array([row[0] for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int32),
        np.array([row[2] for row in rows], np.float32).reshape(-1, 33, 2),
        np.ones((len(rows), 33), np.float32),
    )


def clip_of(walks: list[Walk], count: int = 3, missing: tuple[int, ...] = (), noise: float = 2.0) -> Told:
    """A clip of segments of two seconds, joined."""
    cut = [segment_of(number, count) for number in range(count)]
    return joined([Part(one, None if one.number in missing else seen_of(one, walks, noise)) for one in cut])


def ways(told: Told) -> dict[int, tuple[int, int, int]]:
    """Of each person the first and the last frame, and in how many they were seen."""
    return {one.id: (one.first_frame, one.last_frame, one.frames) for one in told.result.persons}


def test_bodies_that_cross_at_a_border_keep_their_numbers() -> None:
    told = clip_of([Walk(0, 120, 4), Walk(1, 600, -4)])
    assert ways(told) == {1: (0, 179, 180), 2: (0, 179, 180)}
    for number, walk in ((1, Walk(0, 120, 4)), (2, Walk(1, 600, -4))):
        mine = [one for one in told.sightings if one.person == number]
        assert all(abs(one.pose.points.mean() - points_of(walk, one.frame).mean()) < 3 for one in mine)


@pytest.mark.parametrize(
    "names", [("blazepose-full", "blazepose-full-bf16"), ("blazepose-full-bf16", "blazepose-full")]
)
def test_segments_of_workers_that_counted_in_other_numbers_are_told_to_be_of_both(names: tuple[str, str]) -> None:
    parts = []
    for number, name in enumerate((names[0], names[1], names[0])):
        looked = seen_of(segment_of(number, 3), [Walk(0, 120, 4)])
        parts.append(Part(segment_of(number, 3), replace(looked, model=ModelIdentity(name, "ab" * 32))))
    assert joined(parts).result.model == ModelIdentity("blazepose-full and blazepose-full-bf16", "ab" * 32)


def test_who_is_away_at_a_border_keeps_their_number_if_seen_shortly_before() -> None:
    there = seen_of(segment_of(0, 2), [Walk(0, 100, 2, last=40)])
    here = seen_of(segment_of(1, 2), [Walk(0, 100, 2, last=40)])
    back = seen_of(segment_of(1, 2), [Walk(0, 100, 2)])
    assert same_persons(there, here) == same_persons(there, back) == {1: 1}


def test_who_comes_after_a_border_is_somebody_new() -> None:
    told = clip_of([Walk(0, 100, 1), Walk(1, 400, 0, first=75)])
    assert ways(told) == {1: (0, 179, 180), 2: (75, 179, 105)}


def test_two_are_never_one() -> None:
    there = seen_of(segment_of(0, 2), [Walk(0, 100, 0)])
    here = seen_of(segment_of(1, 2), [Walk(0, 101, 0), Walk(1, 400, 0)])
    twice = replace(here, points=np.concatenate([here.points[:1]] * len(here.points)))
    assert list(same_persons(there, twice).values()) == [1]


def test_who_changed_bodies_is_known_by_where_they_were_in_the_end() -> None:
    """The segment before took one for the other until half a second before its end."""
    walks = [Walk(0, 100, 0), Walk(1, 400, 0)]
    there = seen_of(segment_of(0, 2), walks)
    wrong = there.frames < 42
    confused = replace(there, persons=np.where(wrong, 3 - there.persons, there.persons))
    assert same_persons(confused, seen_of(segment_of(1, 2), walks)) == {1: 1, 2: 2}


def test_behind_a_missing_part_frames_and_times_go_on_and_persons_are_new() -> None:
    told = clip_of([Walk(0, 100, 1)], missing=(1,))
    assert ways(told) == {1: (0, 59, 60), 2: (120, 179, 60)}
    video = told.result.video
    assert (video.frames, video.frames_per_second, video.duration_seconds) == pytest.approx((120, RATE, 6))
    assert {round(one.time_seconds - one.frame / RATE, 6) for one in told.sightings} == {0}


@pytest.mark.parametrize("missing", [(0,), (2,), (0, 2), (0, 1)])
def test_a_clip_is_as_long_as_it_was_whichever_part_is_missing(missing: tuple[int, ...]) -> None:
    video = clip_of([Walk(0, 100, 1)], missing=missing).result.video
    left = 3 - len(missing)
    assert (video.frames, video.frames_per_second, video.duration_seconds) == pytest.approx((60 * left, RATE, 6))


def test_of_nothing_nothing_is_told() -> None:
    with pytest.raises(ValueError, match="nothing was seen"):
        clip_of([Walk(0, 100, 1)], missing=(0, 1, 2))


def test_damage_and_work_are_judged_of_the_whole() -> None:
    parts = [Part(one, seen_of(one, [])) for one in (segment_of(number, 3) for number in range(3))]
    assert joined(parts, Limits(max_work_seconds=4.6)).result.persons == []
    with pytest.raises(RejectedVideoError, match=r"4\.4 seconds of work"):
        joined(parts, Limits(max_work_seconds=4.4))

    def damaged(part: Part) -> Part:
        assert part.looked is not None
        return replace(part, looked=replace(part.looked, account=replace(part.looked.account, damaged=60)))

    assert joined([parts[0], damaged(parts[1]), parts[2]]).result.video.frames == 180
    with pytest.raises(RejectedVideoError, match="60 could be decoded whole"):
        joined([parts[0], damaged(parts[1]), damaged(parts[2])])


def test_what_is_not_of_a_segment_is_not_joined_as_it() -> None:
    with pytest.raises(ValueError, match="not those of segment 1"):
        joined([Part(segment_of(1, 3), seen_of(segment_of(2, 3), []))])


WRITTEN = seen_of(segment_of(1, 3), [Walk(0, 100, 1), Walk(1, 400, 1, first=70)]).written()


def test_what_was_seen_comes_back_from_bytes() -> None:
    there = seen_of(segment_of(1, 3), [Walk(0, 100, 1)])
    again = read(there.written())
    assert (again.lead, again.account, again.model) == (there.lead, there.account, there.model)
    for name in ("times", "persons", "frames", "points", "visibility"):
        assert np.array_equal(getattr(again, name), getattr(there, name))


@given(st.integers(0, len(WRITTEN) - 1), st.integers(0, 255))
def test_what_is_changed_on_its_way_is_refused_or_still_of_this_form(place: int, value: int) -> None:
    changed = bytearray(WRITTEN)
    changed[place] = value
    try:
        looked = read(bytes(changed))
    except ValueError:
        return
    assert len(looked.persons) == len(looked.frames) == len(looked.points) == len(looked.visibility)
    assert looked.account.pictures == len(looked.times) - looked.lead


@pytest.mark.parametrize("content", [b"", b"{}\n", b"[" * 5000, WRITTEN[:-1], WRITTEN + b"x", b"1" * 9000])
def test_what_is_no_segment_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(content)


def test_a_person_is_once_in_a_frame() -> None:
    there = seen_of(segment_of(0, 2), [Walk(0, 100, 1)])
    twice = replace(there, frames=np.where(there.frames == 5, 4, there.frames).astype(np.int32))
    with pytest.raises(ValueError, match="twice in a frame"):
        read(twice.written())
