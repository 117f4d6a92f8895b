# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who is who: what is in doubt, and what comes of it when somebody says who it is."""

from __future__ import annotations

import argparse
import json
from array import array
from collections import defaultdict
from dataclasses import replace
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbreak_service.analyze_options import add_analyze_options
from fastbreak_service.errors import AnalysisError
from fastbreak_service.people.corrections import Apart, Exchange, Merge, Split, corrected
from fastbreak_service.people.doubts import MOST, Whereabouts, _Everybody
from fastbreak_service.people.values import Kind
from fastbreak_service.vision.pose import Pose
from fastbreak_service.vision.region import Box, share
from fastbreak_service.vision.tracker import Sighting
from test_cli import run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fastbreak_service.people.corrections import Correction

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


def said(*words: str) -> list[Correction]:
    """The options in doubts' words, as the command line reads them."""
    parser = argparse.ArgumentParser()
    add_analyze_options(parser)
    options = [word for told in words for word in told.rsplit(": ", maxsplit=1)[-1].split()]
    found: list[Correction] = parser.parse_args(["clip.mp4", *options]).who_is_who
    return found


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
    found, made = corrected(told, said(doubt.words))
    assert places(found) == places(true)
    assert [one.words for one in made] == ["Persons 1 and 2 change their numbers at 1.266 s."]
    assert whereabouts(found).doubts(said(doubt.words)) == []


def test_the_advice_of_a_return_makes_one_of_two() -> None:
    told = away(2, 2.0, 100.0)
    (doubt,) = whereabouts(told).doubts()
    found, made = corrected(told, said(doubt.words))
    assert {one.person for one in found} == {1}
    assert [one.words for one in made] == ["Persons 1 and 2 are one, who is number 1."]


@pytest.mark.parametrize(
    "later",
    [
        [],
        [Merge((1, 3))],
        [Merge((1, 3)), Exchange(1, 2, 0.0)],
        [Split(3, 3.2, 4), Merge((1, 4))],
        [Split(2, 0.5, 4), Merge((1, 4))],
    ],
)
def test_who_were_told_apart_stay_so_under_their_later_numbers(later: list[Correction]) -> None:
    two = [replace(one, person=one.person + 1) for one in away(2, 2.0, 100.0)]
    told = [*two, *(sighting(1, frame) for frame in range(60 * RATE, 61 * RATE))]
    (doubt,) = whereabouts(told).doubts()
    apart = Apart(doubt.person, doubt.other, doubt.seconds)
    found, made = corrected(told, [apart, *later])
    moments = [[one.seconds for one in whereabouts(found).doubts(answers)] for answers in (made[1:], made)]
    assert [doubt.seconds in listed for listed in moments] == [True, False]


def test_that_others_are_two_answers_no_doubt() -> None:
    told = away(2, 2.0, 100.0)
    (doubt,) = whereabouts(told).doubts()
    others = [Apart(3, 4, doubt.seconds), Apart(1, 2, doubt.seconds + 1), Apart(1, 5, doubt.seconds)]
    assert whereabouts(told).doubts(others) == [doubt]
    # Who was told apart from 1 is 3 since, and whoever is 2 now is another.
    assert whereabouts(told).doubts([Apart(1, 2, doubt.seconds), Exchange(2, 3, -99)]) == [doubt]


@pytest.mark.parametrize(
    "before", ["--split 3@1.0", "--split 1@0.5 --merge 1,4", "--exchange 1,3@0.4 --exchange 1,3@0.4"]
)
def test_the_advice_works_behind_the_options_that_its_report_was_made_with(before: str) -> None:
    told, true = crossing()
    bystander = [sighting(3, frame, 100_000.0) for frame in range(65)]
    shown, _ = corrected([*told, *bystander], said(before))
    (doubt,) = [found for found in whereabouts(shown).doubts() if found.kind is Kind.MAY_BE_EXCHANGED]
    found, _ = corrected([*told, *bystander], said(before, doubt.words))
    assert {person: places(found)[person] for person in (1, 2)} == places(true)


def test_several_are_right_the_last_of_them_first() -> None:
    """Three change in a ring: at each of two times two of them have each other's number from then on."""
    true = [sighting(body, frame, 1000.0 * body + frame) for frame in range(90) for body in (1, 2, 3)]
    told, _ = corrected(true, [Exchange(1, 2, 1.0), Exchange(2, 3, 2.0)])
    assert places(corrected(told, [Exchange(2, 3, 2.0), Exchange(1, 2, 1.0)])[0]) == places(true)


@pytest.mark.parametrize(
    ("corrections", "words"),
    [
        ([Merge((1, 2))], r"both are seen at 0.00 s \(frame 0\). If they changed numbers, say that they exchange them"),
        ([Merge((1, 7))], "no person 7 to merge; there are 1, 2 and 3"),
        ([Merge((1, 3)), Merge((2, 3))], "no person 3 to merge; there are 1 and 2"),
        ([Split(9, 0.5)], "no person 9 to split"),
        ([Split(1, 5.0)], "seen from 0.00 to 0.97 s"),
        ([Split(1, 0.0)], "seen from 0.00 to 0.97 s"),
        ([Split(1, 0.5), Split(1, 0.5)], "seen from 0.00 to 0.47 s"),
        ([Exchange(1, 9, 0.5)], "no person 9 to exchange"),
        ([Exchange(1, 2, 5.0)], "Neither person 1 nor person 2 is seen from 5 s on"),
    ],
)
def test_what_cannot_be_is_refused(corrections: list[Correction], words: str) -> None:
    seen = [sighting(person, frame, 500.0 * person) for frame in range(RATE) for person in (1, 2)]
    seen += [sighting(3, frame) for frame in range(60, 90)]
    with pytest.raises(AnalysisError, match=words):
        corrected(seen, corrections)


CORRECTIONS = st.lists(
    st.one_of(
        st.builds(Merge, st.lists(st.integers(1, 5), min_size=2, max_size=3, unique=True).map(tuple)),
        st.builds(Split, st.integers(1, 5), st.floats(0, 2)),
        st.builds(Exchange, st.just(1), st.integers(2, 5), st.floats(0, 2)),
    ),
    max_size=5,
)
SEEN = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 60)), min_size=1, max_size=60, unique=True)


@given(SEEN, CORRECTIONS)
def test_every_sighting_stays_and_nobody_is_twice_in_a_frame(
    seen: list[tuple[int, int]], corrections: list[Correction]
) -> None:
    sightings = [sighting(person, frame) for person, frame in seen]
    try:
        found, made = corrected(sightings, corrections)
    except AnalysisError:
        return
    assert sorted(id(one.pose) for one in found) == sorted(id(one.pose) for one in sightings)
    assert len({(one.person, one.frame) for one in found}) == len(found)
    assert [one.frame for one in found] == sorted(frame for _, frame in seen)
    assert len(made) == len(corrections)


@pytest.mark.parametrize(
    "option", ["--merge=1", "--merge=1,1", "--merge=0,1", "--split=1", "--split=1@", "--exchange=1,1@2"]
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
    mended = run("correct", str(tmp_path / "report"), "--undo", "1")
    assert mended.returncode == 0, mended.stderr
    assert json.loads((tmp_path / "report" / "result.json").read_text())["persons"] == before["persons"]
    whole = json.loads(run("analyze", str(person_clip), "--json", "--split=1@0.5", "--merge=1,3").stdout)
    assert whole["persons"] == before["persons"]
    assert sorted(map(json.dumps, whole["measures"])) == sorted(map(json.dumps, before["measures"]))
    refused = run("analyze", str(person_clip), "--merge", "1,2")
    assert refused.returncode == 1
    assert "Persons 1 and 2 cannot be one: both are seen at 0.00 s (frame 0)." in refused.stderr


def test_a_crowd_of_newcomers_is_bounded() -> None:
    many = chain.from_iterable([sighting(n, 10 * n), sighting(n, 10 * n + 1)] for n in range(1, 400))
    assert len(whereabouts(many).doubts()) == 200


@pytest.mark.parametrize("seed", range(8))
def test_who_was_hidden_is_told_as_when_each_is_held_against_each(seed: int) -> None:
    generator, kept, ways = np.random.default_rng(seed), Whereabouts(), {}
    for person in (1, 2, 3, 4):
        times = np.sort(generator.choice(np.arange(90), 50, replace=False)) / 30
        left = generator.uniform(0, 30, len(times))
        boxes = np.stack([left, left * 0, left + 40, left * 0 + 100], axis=1).astype(np.float32)
        ways[person] = list(zip(times.tolist(), boxes.tolist(), strict=True))
        kept.put(person, array("d", times.tolist()), array("f", boxes.ravel().tolist()))
    expected = set()
    for person, way in ways.items():
        for (begin, edge), (end, other_edge) in pairwise(way):
            for other, seen in ways.items():
                if end - begin <= 0.15 or other == person or not seen[0][0] < begin < end < seen[-1][0]:
                    continue
                if any(
                    share(Box(*box), Box(*one)) > 0.3
                    for at, box in seen
                    if begin <= at <= end
                    for one in (edge, other_edge)
                ):
                    expected.add((person, other, round(end, 6)))
    told = [doubt for doubt in kept.plain() if doubt.kind is Kind.MAY_BE_EXCHANGED]
    assert {(doubt.person, doubt.other, doubt.seconds) for doubt in told} == expected
    assert expected


def test_of_too_many_doubts_the_first_are_told_and_nobody_looks_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, boxes, looked = Whereabouts(), [0.0, 0.0, 40.0, 100.0], 0
    for person in range(1, 21):
        times = [0.2 * number + 0.001 * person for number in range(200)]
        kept.put(person, array("d", times), array("f", boxes * len(times)))
    look = _Everybody.in_place

    def counted(*told: Any) -> list[int]:
        nonlocal looked
        looked += 1
        return look(*told)

    monkeypatch.setattr(_Everybody, "in_place", counted)
    found = kept.plain()
    assert len(found) == MOST
    assert looked < 2 * MOST
    assert [one.seconds for one in found] == sorted(one.seconds for one in found)
