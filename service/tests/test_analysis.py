# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The whole analysis on real footage."""

from __future__ import annotations

import dataclasses
from itertools import islice
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from fastbreak_service.analysis import MeasureRow, Result, analyse
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.limits import Limits
from support import clips

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.vision.models import PoseModel


def run(path: Path, vision: PoseModel) -> tuple[Result, list[MeasureRow]]:
    """Analyse a file."""
    rows: list[MeasureRow] = []
    return analyse(VideoReader(path, Limits()), vision, rows.append), rows


@pytest.fixture(scope="module")
def found(person_clip: Path, vision: PoseModel) -> tuple[Result, list[MeasureRow]]:
    """Both persons of the excerpt."""
    return run(person_clip, vision)


def test_both_persons_are_followed_through_the_clip(found: tuple[Result, list[MeasureRow]]) -> None:
    result, _ = found
    assert [(p.id, p.first_frame, p.last_frame) for p in result.persons] == [(1, 0, 29), (2, 0, 29)]
    assert all(p.frames >= 28 for p in result.persons)


def test_the_walker_and_the_stander_are_told_apart_by_their_knees(found: tuple[Result, list[MeasureRow]]) -> None:
    result, _ = found
    walker, _ = result.persons
    assert walker.angles["left_knee_flexion"].maximum > 40
    assert walker.angles["trunk_lean"].maximum < 30


def test_summaries_are_those_of_the_measures(found: tuple[Result, list[MeasureRow]]) -> None:
    result, rows = found
    for person in result.persons:
        for name, summary in person.angles.items():
            values = [r.value_degrees for r in rows if r.person == person.id and r.angle == name]
            assert summary.samples == len(values) <= person.frames
            assert summary.minimum == min(values)
            assert summary.maximum == max(values)
            assert summary.mean == pytest.approx(np.mean(values), abs=0.001)


def test_a_person_has_an_angle_once_a_frame(found: tuple[Result, list[MeasureRow]]) -> None:
    _, rows = found
    keys = [(r.person, r.frame, r.angle) for r in rows]
    assert len(keys) == len(set(keys))
    assert all(r.time_seconds == pytest.approx(r.frame / 30, abs=0.002) for r in rows)


def test_the_same_clip_gives_the_same_figures(
    found: tuple[Result, list[MeasureRow]], person_clip: Path, vision: PoseModel
) -> None:
    again = run(person_clip, vision)
    assert again[1] == found[1]
    assert dataclasses.asdict(again[0]) == dataclasses.asdict(found[0])


def test_nobody_is_found_where_nobody_is(plain_clip: Path, vision: PoseModel) -> None:
    result, rows = run(plain_clip, vision)
    assert result.persons == []
    assert rows == []
    assert result.video.frames == 20


def test_ten_small_persons_are_followed_at_once(demo_clip: Path, vision: PoseModel, tmp_path: Path) -> None:
    """The man ten times beside each other, each a frame later than the one before, 120 pixels high."""
    with av.open(str(demo_clip)) as container:
        shown = [clips.pixels(frame, 552, 310) for frame in islice(container.decode(video=0), 17)]
    cuts = [pixels[:162, 156:276] for pixels in shown]
    rows = [[np.concatenate(cuts[at + row : at + row + 5], axis=1) for row in (0, 5)] for at in range(8)]
    path = clips.write(tmp_path / "ten.mp4", [np.concatenate(two) for two in rows], clips.Look(codec="libx264"))
    result, _ = run(path, vision)
    assert [(person.frames, person.first_frame) for person in result.persons] == [(8, 0)] * 10
