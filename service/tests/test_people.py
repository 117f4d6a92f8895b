# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who is who: what is in doubt, and what comes of it when somebody says who it is."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbreak_service.analyze_options import add_analyze_options
from fastbreak_service.errors import AnalysisError
from fastbreak_service.people.corrections import Corrections
from fastbreak_service.people.doubts import Whereabouts
from fastbreak_service.people.values import Kind
from fastbreak_service.vision.pose import Pose
from fastbreak_service.vision.tracker import Sighting
from test_cli import run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

RATE = 30


def sighting(person: int, frame: int, x: float = 0.0, height: float = 200.0) -> Sighting:
    """Somebody whose box is at x, half as wide as high."""
    points = np.full((33, 2), (x, 300.0), np.float32)
    points[0], points[1] = (x - height / 4, 300 - height / 2), (x + height / 4, 300 + height / 2)
    return Sighting(person, frame, frame / RATE, Pose(points, np.ones(33, np.float32), 0.9, None))


def doubts(sightings: Iterable[Sighting]) -> list[tuple[Kind, int, int]]:
    """What is in doubt of them."""
    return [(doubt.kind, doubt.person, doubt.other) for doubt in whereabouts(sightings).doubts()]


def whereabouts(sightings: Iterable[Sighting]) -> Whereabouts:
    """Where they are."""
    found = Whereabouts()
    for one in sightings:
        found.add(one)
    return found


def away(person: int, back: float, x: float, height: float = 200.0) -> list[Sighting]:
    """Person 1 at 0 for a second, and another who comes later, somewhere."""
    first = round((1 + back) * RATE)
    return [
        *(sighting(1, frame) for frame in range(RATE)),
        *(sighting(person, frame, x, height) for frame in range(first, first + RATE)),
    ]


@pytest.mark.parametrize(
    ("back", "x", "height", "told"),
    [
        (2.0, 100.0, 200.0, True),
        (2.0, 1700.0, 200.0, True),
        (2.0, 2200.0, 200.0, False),
        (2.0, 100.0, 350.0, False),
        (2.0, 100.0, 100.0, False),
        (35.0, 0.0, 200.0, False),
    ],
)
def test_who_may_have_come_back_is_told(back: float, x: float, height: float, told: bool) -> None:
    assert doubts(away(2, back, x, height)) == [(Kind.MAY_BE_ONE, 1, 2)] * told


def test_whoever_is_there_at_the_same_time_is_no_other() -> None:
    together = [sighting(person, frame, 500.0 * person) for frame in range(RATE) for person in (1, 2)]
    assert doubts(together) == []


def crossing() -> tuple[list[Sighting], list[Sighting]]:
    """Two who cross, one of them hidden meanwhile: as a tracker tells it that exchanged them, and the truth."""
    hidden = range(28, 38)
    told: list[Sighting] = []
    true: list[Sighting] = []
    for frame in range(65):
        ways = {1: 20.0 * frame, 2: 1300 - 20.0 * frame}
        for body, x in ways.items():
            if body == 1 and frame in hidden:
                continue
            number = body if frame < hidden.stop else 3 - body
            true.append(sighting(body, frame, x))
            told.append(sighting(number, frame, x))
    return told, true


def said(words: str) -> Corrections:
    """The options in a doubt's words, as the command line reads them."""
    parser = argparse.ArgumentParser()
    add_analyze_options(parser)
    options = parser.parse_args(["clip.mp4", *words.rsplit(": ", maxsplit=1)[-1].split()])
    return Corrections(options.split, options.merge)


def places(sightings: Iterable[Sighting]) -> dict[int, dict[int, float]]:
    """Where each is by frame."""
    found: dict[int, dict[int, float]] = defaultdict(dict)
    for one in sightings:
        found[one.person][one.frame] = float(one.pose.points[2, 0])
    return dict(found)


def test_the_advice_of_an_exchange_gives_both_their_ways_back() -> None:
    told, true = crossing()
    (doubt,) = whereabouts(told).doubts()
    assert (doubt.kind, doubt.person, doubt.other) == (Kind.MAY_BE_EXCHANGED, 1, 2)
    corrected, words = said(doubt.words).applied(told)
    assert places(corrected) == places(true)
    assert len(words) == 4
    assert doubts(corrected) == [(Kind.MAY_BE_EXCHANGED, 1, 2)], "it stays in doubt, whoever said what"


def test_the_advice_of_a_return_makes_one_of_two() -> None:
    told = away(2, 2.0, 100.0)
    (doubt,) = whereabouts(told).doubts()
    corrected, words = said(doubt.words).applied(told)
    assert {one.person for one in corrected} == {1}
    assert words == ["Persons 1 and 2 are one, who is number 1."]


@pytest.mark.parametrize(
    ("corrections", "words"),
    [
        (Corrections(merges=[(1, 2)]), "both are seen at 0.00 s"),
        (Corrections(merges=[(1, 7)]), "no person 7 to merge; there are 1, 2 and 3"),
        (Corrections(merges=[(1, 3), (3, 2)]), "Person 3 is merged twice"),
        (Corrections(splits=[(9, 0.5)]), "no person 9 to split"),
        (Corrections(splits=[(1, 5.0)]), "seen from 0.00 to 0.97 s"),
        (Corrections(splits=[(1, 0.0)]), "seen from 0.00 to 0.97 s"),
        (Corrections(splits=[(1, 0.51), (1, 0.52)]), "the splits at 0.51 and 0.52 s"),
    ],
)
def test_what_cannot_be_is_refused(corrections: Corrections, words: str) -> None:
    seen = [sighting(person, frame, 500.0 * person) for frame in range(RATE) for person in (1, 2)]
    seen += [sighting(3, frame) for frame in range(60, 90)]
    with pytest.raises(AnalysisError, match=words):
        corrections.applied(seen)


@dataclass
class Clip:
    """Sightings of a few persons, none twice in a frame, and what is said of them."""

    seen: list[Sighting]
    corrections: Corrections = field(default_factory=Corrections)


@st.composite
def clips(draw: st.DrawFn) -> Clip:
    """Persons one after another, in stretches, of whom any two may be one."""
    count = draw(st.integers(2, 6))
    lengths = draw(st.lists(st.integers(2, 9), min_size=count, max_size=count))
    seen: list[Sighting] = []
    cuts: list[tuple[int, float]] = []
    for person, length in enumerate(lengths, 1):
        first = len(seen)
        seen += [sighting(person, frame) for frame in range(first, first + length)]
        if draw(st.booleans()):
            cuts.append((person, (first + draw(st.integers(1, length - 1))) / RATE))
    numbers = draw(st.permutations(range(1, count + len(cuts) + 1)))
    size = draw(st.integers(0, len(numbers)))
    merges = [tuple(sorted(numbers[:size]))] if size > 1 else []
    return Clip(seen, Corrections(cuts, merges))


@given(clips())
def test_every_sighting_stays_and_nobody_is_twice_in_a_frame(clip: Clip) -> None:
    corrected, words = clip.corrections.applied(reversed(clip.seen))
    assert [one.frame for one in corrected] == [one.frame for one in clip.seen]
    assert all(one.pose is before.pose for one, before in zip(corrected, clip.seen, strict=True))
    merged = {number for group in clip.corrections.merges for number in group}
    count = len({one.person for one in clip.seen}) + len(clip.corrections.splits)
    assert len({one.person for one in corrected}) == count - max(0, len(merged) - 1)
    assert len(words) == len(clip.corrections.splits) + len(clip.corrections.merges)


@given(clips())
def test_to_say_nothing_changes_nothing(clip: Clip) -> None:
    assert Corrections().applied(clip.seen) == (clip.seen, [])


@pytest.mark.parametrize(
    "option", ["--merge=1", "--merge=1;3", "--merge=0,1", "--split=1", "--split=1@", "--split=a@3"]
)
def test_what_is_no_correction_is_wrong(tmp_path: Path, option: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"x")
    done = run("analyze", str(path), option)
    assert done.returncode == 2
    assert "by the report's numbers" in done.stderr


@pytest.mark.usefixtures("models_directory")
def test_results_follow_what_is_said(person_clip: Path, tmp_path: Path) -> None:
    before = json.loads(run("analyze", str(person_clip), "--json").stdout)
    cut = run("analyze", str(person_clip), "--json", "--split", "1@0.5", "--out", str(tmp_path / "report"))
    assert cut.returncode == 0, cut.stderr
    after = json.loads(cut.stdout)
    assert [(one["id"], one["frames"]) for one in after["persons"]] == [(1, 15), (2, 30), (3, 15)]
    assert after["people"]["corrections"] == ["Person 1 is number 3 from 0.5 s on."]
    assert len(after["measures"]) == sum(one["samples"] for p in after["persons"] for one in p["angles"].values())
    page = (tmp_path / "report" / "report.html").read_text()
    assert "Person 1 is number 3 from 0.5 s on." in page
    whole = json.loads(run("analyze", str(person_clip), "--json", "--split=1@0.5", "--merge=1,3").stdout)
    assert whole["persons"] == before["persons"]
    assert sorted(map(json.dumps, whole["measures"])) == sorted(map(json.dumps, before["measures"]))
    refused = run("analyze", str(person_clip), "--merge", "1,2")
    assert refused.returncode == 1
    assert "Persons 1 and 2 cannot be one: both are seen at 0.00 s (frame 0)." in refused.stderr


def test_a_crowd_of_newcomers_is_bounded() -> None:
    many = chain.from_iterable([sighting(n, 10 * n), sighting(n, 10 * n + 1)] for n in range(1, 400))
    assert len(whereabouts(many).doubts()) == 200
