# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What corrections of who is who make of an analysis's results, without a database."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fastbreak_service.errors import AnalysisError
from fastbreak_service.people.corrections import Exchange, Merge, Split
from fastbreak_service.people.doubts import Whereabouts
from fastbreak_service.people.findings import Known, matched
from fastbreak_service.people.history import Undo, as_content, of_content, standing
from fastbreak_service.people.pieces import ROW, Piece, pieces, read, written
from fastbreak_service.people.results import Change, Event, Stored, Told, change
from support.reports import trails
from support.seeds import figure

if TYPE_CHECKING:
    from fastbreak_service.people.history import Said
    from fastbreak_service.people.pieces import Rows

RATE = 30.0


def summed(rows: Rows, *_: float) -> Told:
    """Somebody's event and finding, which are others where any of their sightings is."""
    said = {"measure": "m", "side": "left", "of": [rows["frame"].tolist(), rows["points"][:, 0].tolist()]}
    return [said], [said]


def stored(found: list[Piece]) -> Stored:
    """An analysis that nobody has corrected, with one event and one finding of each."""
    persons = [piece.person for piece in found]
    said = [summed(piece.rows, RATE)[0][0] for piece in found]
    findings = [Known(number, number, content) for number, content in zip(persons, said, strict=True)]
    return Stored(found, {}, list(map(Event, persons, said)), findings, RATE, 0.0, frozenset(), max(persons))


def applied(before: Stored, what: Change, version: int) -> Stored:
    """What is stored after a change."""
    touched = {*what.persons, *what.gone}
    kept = {one.number: Known(one.number, one.person, one.content, one.withdrawn) for one in what.findings}
    named = {of for of in (getattr(what.said, "number", None),) if of}
    return Stored(
        in_order([*(piece for piece in before.pieces if piece.person not in touched), *what.pieces]),
        {**before.entries, version: what.said},
        what.events,
        sorted(({one.number: one for one in before.findings} | kept).values(), key=lambda one: one.number),
        before.rate,
        before.small_pixels,
        before.erased,
        max(before.highest, *named, 0),
    )


def in_order(found: list[Piece]) -> list[Piece]:
    return sorted(found, key=lambda piece: (piece.track, piece.first_frame))


def said(before: Stored, *what: Said) -> Stored:
    """What is stored after some were said."""
    for each in what:
        before = applied(before, change(before, each, summed), len(before.entries) + 1)
    return before


def told(found: Stored) -> Any:
    """All that is told of persons."""
    return (
        [(piece.track, piece.person, written(piece.rows)) for piece in in_order(found.pieces)],
        found.events,
        [(one.number, one.person, one.content) for one in found.findings if not one.withdrawn],
    )


def track(number: int, frames: list[int]) -> Piece:
    """Somebody who stands somewhere of their own."""
    rows = np.zeros(len(frames), ROW)
    rows["frame"], rows["time"] = frames, np.array(frames) / RATE
    rows["points"] = 100.0 * number + np.arange(24)
    rows["box"] = (100 * number, 100, 100 * number + 50, 300)
    rows["ground"] = np.nan
    return Piece(number, number, rows)


TRACKS = st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=8, unique=True).map(sorted), min_size=2, max_size=5)
SAID: st.SearchStrategy[Said] = st.one_of(
    st.builds(Merge, st.lists(st.integers(1, 6), min_size=2, max_size=3, unique=True).map(tuple)),
    st.builds(Split, st.integers(1, 6), st.floats(0, 1.4)),
    st.builds(Exchange, st.integers(1, 3), st.integers(4, 6), st.floats(0, 1.4)),
    st.builds(Undo, st.integers(1, 4)),
)


def analysis(frames: list[list[int]]) -> Stored:
    return stored([track(number, listed) for number, listed in enumerate(frames, 1)])


def tried(before: Stored, *what: Said) -> Stored:
    """What is stored after those that could be."""
    for each in what:
        try:
            before = said(before, each)
        except AnalysisError:
            continue
    return before


def same(one: Stored, other: Stored) -> bool:
    """Whether the same is told, but for the numbers of findings that were made on the way."""
    return bool(told(one)[:2] == told(other)[:2])


@given(TRACKS, st.lists(SAID, max_size=4), SAID)
def test_what_is_undone_was_never_said(frames: list[list[int]], earlier: list[Said], one: Said) -> None:
    """Findings have their old numbers again, and with them their reviews."""
    assume(not isinstance(one, Undo))
    before = tried(analysis(frames), *earlier)
    after = tried(before, one)
    assume(after is not before)
    back = said(after, Undo(len(after.entries)))
    assert told(back) == told(before)
    assert standing(back.entries) == standing(before.entries)


@given(TRACKS, st.integers(1, 5), st.floats(0, 1.4))
def test_who_is_split_and_merged_again_is_one(frames: list[list[int]], person: int, seconds: float) -> None:
    before = analysis(frames)
    try:
        cut = said(before, Split(person, seconds))
    except AnalysisError:
        return
    assert len({piece.person for piece in cut.pieces}) == len(frames) + 1
    assert told(said(cut, Merge((person, before.highest + 1)))) == told(before)


@given(TRACKS, SAID, SAID)
def test_of_other_persons_the_order_is_no_matter(frames: list[list[int]], one: Said, two: Said) -> None:
    assume(not isinstance(one, Undo) and not isinstance(two, Undo))
    before = analysis(frames)
    try:
        first = said(before, one)
        both, turned = said(first, two), said(said(before, two), one)
    except AnalysisError:
        return
    a, b = (both.entries[n] for n in (1, 2))
    assert not isinstance(a, Undo)
    assert not isinstance(b, Undo)
    # Which number somebody new gets is told by the order.
    assume(not isinstance(one, Split) and not isinstance(two, Split) and not a.touched & b.touched)
    assert same(both, turned)


@given(TRACKS, st.lists(SAID, max_size=3), st.integers(1, 6), st.lists(SAID, max_size=3))
def test_who_was_erased_stays_erased(
    frames: list[list[int]], earlier: list[Said], person: int, later: list[Said]
) -> None:
    """With whoever they were merged with; and nobody gets their number."""
    before = tried(analysis(frames), *earlier)
    gone = [piece for piece in before.pieces if piece.person == person]
    assume(gone)
    assume(len({piece.person for piece in before.pieces}) > 1)
    left = replace(
        before,
        pieces=[piece for piece in before.pieces if piece.person != person],
        events=[event for event in before.events if event.person != person],
        findings=[one for one in before.findings if one.person != person and not one.withdrawn],
        erased=frozenset([person]),
    )
    after = tried(left, *later)
    assert person not in {piece.person for piece in after.pieces}
    places = {(piece.track, frame) for piece in gone for frame in piece.rows["frame"].tolist()}
    assert not places & {(piece.track, frame) for piece in after.pieces for frame in piece.rows["frame"].tolist()}
    assert {event.person for event in after.events} <= {piece.person for piece in after.pieces}


@given(TRACKS, st.lists(SAID, max_size=4), SAID)
def test_rows_that_are_moved_are_those_of_the_sightings(
    frames: list[list[int]], earlier: list[Said], one: Said
) -> None:
    """As the database moves what it has of each frame."""
    before = tried(analysis(frames), *earlier)
    try:
        what = change(before, one, summed)
    except AnalysisError:
        return
    rows = {(piece.person, frame): piece.track for piece in before.pieces for frame in piece.rows["frame"].tolist()}
    moved = {}
    for (person, frame), number in rows.items():
        to = [
            move.other for move in what.moves if move.person == person and move.first_frame <= frame <= move.last_frame
        ]
        assert len(to) <= 1
        moved[to[0] if to else person, frame] = number
    after = applied(before, what, 1)
    assert moved == {(p.person, frame): p.track for p in after.pieces for frame in p.rows["frame"].tolist()}
    assert {person for person, _ in moved}.isdisjoint(what.gone)
    assert {one.person for one in what.findings} <= {piece.person for piece in after.pieces}


def test_they_who_are_seen_together_cannot_be_one() -> None:
    before = analysis([[1, 2, 3], [3, 4], [5]])
    with pytest.raises(AnalysisError, match=r"Persons 1 and 2 cannot be one: both are seen at 0.10 s \(frame 3\)"):
        change(before, Merge((1, 2)))
    assert [piece.person for piece in said(before, Merge((1, 3))).pieces] == [1, 2, 1]


def test_what_others_build_on_is_undone_after_them() -> None:
    before = said(analysis([[1, 2], [5, 6], [9]]), Merge((1, 2)), Split(1, 0.15), Merge((1, 3)))
    with pytest.raises(AnalysisError, match="Correction 2 was made after it, of the same persons"):
        change(before, Undo(1))
    with pytest.raises(AnalysisError, match="no correction 9 that stands"):
        change(before, Undo(9))
    back = said(before, Undo(3), Undo(2), Undo(1))
    assert [piece.person for piece in back.pieces] == [1, 2, 3]
    with pytest.raises(AnalysisError, match="no correction 1 that stands"):
        change(back, Undo(1))


def test_the_number_of_somebody_erased_is_nobodys() -> None:
    cut = said(analysis([[1, 2, 3, 4], [9]]), Split(1, 0.09))
    left = replace(
        cut,
        pieces=[piece for piece in cut.pieces if piece.person != 1],
        events=[event for event in cut.events if event.person != 1],
        findings=[],
        erased=frozenset([1]),
    )
    with pytest.raises(AnalysisError, match="Person 1 was erased"):
        change(left, Undo(1))


def test_results_are_those_of_whoever_it_is() -> None:
    """Of a figure that lands three times, told as two persons, the same is found when they are one."""
    made, whereabouts = trails(), Whereabouts()
    ((_, way),) = made.everybody()
    whereabouts.put(1, way.times, array("f", range(4 * len(way.times))))
    (whole,) = (replace(piece, rows=read(written(piece.rows))) for piece in pieces(made, whereabouts))
    cut = len(whole.rows) // 2
    two = [replace(whole, rows=whole.rows[:cut]), Piece(2, 2, whole.rows[cut:])]
    what = change(replace(stored(two), events=[], findings=[]), Merge((1, 2)))
    assert [event.content for event in what.events] == figure()["events"]
    assert [one.content for one in what.findings] == figure()["findings"]
    assert whole.rows["box"][1].tolist() == [4, 5, 6, 7]


def test_who_judged_a_finding_judges_what_comes_of_it() -> None:
    alike = {"measure": "knee", "side": "left"}
    first = Known(1, 1, {**alike, "of": 1}, verdict="accepted")
    found = matched([first], [(1, {**alike, "of": 3})], {1, 2}, {1: [1], 2: [1]}, "They are one.")
    assert [(one.number, one.withdrawn, one.again) for one in found] == [
        (2, False, "They are one. Before, this was accepted as finding 1 of person 1."),
        (1, True, None),
    ]


def test_nobody_gets_the_number_of_a_finding_that_went_with_somebody() -> None:
    alike = {"measure": "knee", "side": "left"}
    (found,) = matched([], [(1, alike)], {1}, {}, "They are one.", highest=6)
    assert found.number == 7


@pytest.mark.parametrize("what", [Merge((1, 3)), Split(2, 4.9, 7), Exchange(1, 2, 0.5), Undo(3)])
def test_what_is_said_is_kept_as_json(what: Said) -> None:
    assert of_content(as_content(what)) == what
    assert what.words


def test_doubts_are_told_of_whoever_it_is() -> None:
    before = stored([track(1, [*range(30)]), track(2, [*range(90, 120)])])
    assert change(before, Merge((1, 2))).doubts == []
    (doubt,) = change(said(before, Merge((1, 2))), Undo(1)).doubts
    assert doubt.words == "Person 2 came 2.0 s after person 1 was last seen, as large and from within reach."
