# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A player of a clip against the folders of earlier reports, as the command line has it."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from fastbreak_service.cli import main
from fastbreak_service.earlier import Against, EarlierError, against, held_against, read
from fastbreak_service.movement.values import Landing, Legs, Moved, Movement, Name, Side, Status, View
from fastbreak_service.report import Report, as_text
from fastbreak_service.reporting import kept, tables
from fastbreak_service.reporting.document import as_json, document, schema
from fastbreak_service.reporting.page import Evidence, page
from support import reports

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastbreak_service.reporting.document import Document


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Movement]:
    """A report of somebody who lands three times, and what it says."""
    out = tmp_path_factory.mktemp("reports") / "first"
    return out, reports.write(out)


@pytest.fixture(scope="module")
def before(first: tuple[Path, Movement]) -> list[str]:
    """Reports of four earlier clips, in which the knees bend by 60 degrees more, a little more each time."""
    folders = []
    for day in range(4):
        folder = first[0].with_name(f"day {day}")
        _changed(first[0], folder, partial(_earlier, day=day))
        folders.append(str(folder))
    return folders


def _changed(source: Path, folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    found = json.loads((source / "result.json").read_text(encoding="utf-8"))
    change(found)
    folder.mkdir()
    (folder / "result.json").write_text(json.dumps(found), encoding="utf-8")


def _earlier(found: dict[str, Any], day: int) -> None:
    found["origin"]["sha256"] = f"{day:064}"
    for event in found["movement"]["persons"][0]["events"]:
        for value in event["measures"]:
            if value["measure"] == Name.PEAK_KNEE_FLEXION and value["value"] is not None:
                value["value"] += 60 + day


def compared(movement: Movement, before: list[str], player: int | None = None) -> tuple[Movement, str]:
    """What is said of the movement beside earlier reports."""
    earlier = Against(player, [read(told) for told in before])
    return held_against(movement, earlier, "1" * 64, reports.result().model)


def written(movement: Movement) -> Document:
    """The document that such a movement is written in."""
    return document(reports.ORIGIN, reports.NOBODY_SAID, reports.result(), movement)


def test_a_player_who_bends_the_knees_less_than_before_is_for_review(
    first: tuple[Path, Movement], before: list[str]
) -> None:
    movement, said = compared(first[1], before)
    assert said == ""
    (moved,) = movement.persons
    own = {(one.measure, one.side): one for one in moved.findings if one.baseline is not None}
    knee = own[Name.PEAK_KNEE_FLEXION, Side.LEFT]
    assert (knee.status, knee.repetitions, knee.view) == (Status.FOR_REVIEW, 3, View.SAGITTAL)
    assert knee.baseline is not None
    named = [f"day {day} (00000000)" for day in range(4)]
    assert [one.analysis for one in knee.baseline.earlier] == named, "no path of a machine"
    others = [one for one in own.values() if one.measure is not Name.PEAK_KNEE_FLEXION]
    assert {one.status for one in others} == {Status.NOT_CLEAR}
    assert moved.findings[: len(first[1].persons[0].findings)] == first[1].persons[0].findings


def test_the_report_shows_the_range_in_every_form(first: tuple[Path, Movement], before: list[str]) -> None:
    movement, _ = compared(first[1], before)
    found = written(movement)
    jsonschema_rs.validator_for(schema()).validate(json.loads(json.dumps(as_json(found))))
    html = page(found, Evidence({}, {}))
    assert "Own range, on both legs:" in html
    assert html.count('class="range"') == sum(one.baseline is not None for one in movement.persons[0].findings)
    assert "Read from the own alone" not in html
    assert "only if all were filmed from the same side" in html
    rows = list(csv.DictReader(tables.findings(movement).splitlines()))
    own = [row for row in rows if row["baseline_low"]]
    assert {(row["baseline_recordings"], row["legs"]) for row in own} == {("4", "double")}
    assert all(row["baseline_mean"] == "" for row in rows if row["mark"] != "own")
    text = as_text(Report("clip.mp4", 1.0, reports.result(), [], reports.NOBODY_SAID, movement))
    assert re.search(
        r"peak_knee_flexion, left, double leg, sagittal: For review: below the own range of [\d.]+ to [\d.]+ by more",
        text,
    )


def test_too_few_earlier_reports_are_said_to_be_no_baseline(first: tuple[Path, Movement], before: list[str]) -> None:
    movement, _ = compared(first[1], before[:2])
    (moved,) = movement.persons
    assert all(one.baseline is None for one in moved.findings)
    assert "No baseline: 6 of 12 earlier landings in 2 of 3 recordings." in {one.words for one in moved.no_baseline}
    assert "No own range" in page(written(movement), Evidence({}, {}))
    text = as_text(Report("clip.mp4", 1.0, reports.result(), [], reports.NOBODY_SAID, movement))
    assert "peak_knee_flexion, left, double leg, sagittal: No baseline: 6 of 12" in text


def test_the_clip_itself_is_no_baseline_of_its_own(first: tuple[Path, Movement]) -> None:
    movement, _ = compared(first[1], [str(first[0])] * 5)
    assert {(one.values, one.analyses) for one in movement.persons[0].no_baseline} == {(0, 0)}


def test_of_several_who_land_somebody_has_to_say_who_it_is(first: tuple[Path, Movement], before: list[str]) -> None:
    (moved,) = first[1].persons
    two = replace(first[1], persons=[moved, replace(moved, person=2)])
    movement, said = compared(two, before)
    assert movement == replace(two, no_baseline=said)
    assert said.endswith("persons 1, 2 land in this clip; say with --player who of them it is of.")
    movement, said = compared(two, before, player=2)
    assert [len(one.findings) > len(moved.findings) for one in movement.persons] == [False, True]
    assert compared(two, before, player=3)[1].endswith("person 3 does not land in this clip.")
    assert movement.no_baseline == ""
    nobody = Movement([Moved(1, [], [])], 0)
    assert compared(nobody, before)[1].endswith("nobody lands in this clip.")


def test_a_folder_may_name_the_person(first: tuple[Path, Movement], tmp_path: Path) -> None:
    def second(found: dict[str, Any]) -> None:
        found["persons"].append({**found["persons"][0], "id": 2})
        found["movement"]["persons"].append({**found["movement"]["persons"][0], "person": 2})

    folder = tmp_path / "two: 2"
    _changed(first[0], folder, second)
    assert len(read(f"{folder}:2").landings) == sum(isinstance(one, Landing) for one in first[1].persons[0].events)
    with pytest.raises(EarlierError, match=r"Persons 1, 2 land in .*two: 2. Name the player: .*two: 2:1, or another"):
        read(str(folder))
    with pytest.raises(EarlierError, match="There is no person 3 in"):
        read(f"{folder}:3")
    # A folder whose own name ends like that is that folder.
    _changed(first[0], tmp_path / "day:7", lambda _: None)
    assert read(str(tmp_path / "day:7")).analysis.startswith("day:7 (")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "could not be read: No such file"),
        ("nonsense", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"form": ["urn:fastbreak:analysis:1"]}', "does not have"),
        ("[]", "does not have"),
        ("{}", "does not have the form of this release's results. Analyse that clip again"),
    ],
)
def test_what_is_no_report_is_refused_in_words(tmp_path: Path, content: str | None, words: str) -> None:
    if content is not None:
        (tmp_path / "result.json").write_text(content, encoding="utf-8")
    with pytest.raises(EarlierError, match=words):
        read(str(tmp_path))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--player", "1"], "say with --baseline where earlier reports are"),
        (["--baseline", "x"], "say --movement, or --out for a report"),
    ],
)
def test_options_that_lead_nowhere_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"")
    assert main(["analyze", str(tmp_path / "clip.mp4"), *options]) == 2
    assert words in capsys.readouterr().err


def test_the_command_reads_folders_before_it_looks_at_a_clip(person_clip: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fastbreak_service", "analyze", str(person_clip), "--movement"]
    done = subprocess.run([*command, "--baseline", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Name a folder that --out wrote." in done.stderr
    assert done.stdout == ""


def test_the_command_compares(person_clip: Path, before: list[str]) -> None:
    command = [sys.executable, "-m", "fastbreak_service", "analyze", str(person_clip), "--movement"]
    done = subprocess.run([*command, "--baseline", *before], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = "Nothing was held against the baseline: nobody lands in this clip.\n"
    assert said in done.stdout
    assert done.stderr.endswith(f"fastbreak-service: {said}")


def test_what_was_not_compared_is_in_every_form(first: tuple[Path, Movement], before: list[str]) -> None:
    (moved,) = first[1].persons
    events = [replace(one, legs=Legs.UNKNOWN) if isinstance(one, Landing) else one for one in moved.events]
    movement, said = compared(replace(first[1], persons=[replace(moved, events=events)]), before)
    assert said == "Nothing was held against the baseline: of no landing of person 1 it is known on which legs it is."
    assert as_json(written(movement))["movement"]["no_baseline"] == said
    assert said in page(written(movement), Evidence({}, {}))
    report = Report("clip.mp4", 1.0, reports.result(), [], reports.NOBODY_SAID, movement)
    assert said in as_text(report)


def test_what_cannot_be_compared_loses_no_result(first: tuple[Path, Movement], before: list[str]) -> None:
    odd = [replace(read(told), landings=[{"legs": "double"}]) for told in before]
    movement, said = held_against(first[1], Against(None, odd), "1" * 64, reports.result().model)
    assert said.startswith("Nothing was held against the baseline: what the earlier reports hold cannot be compared")
    assert movement == replace(first[1], no_baseline=said)


def test_a_clip_may_be_named_as_it_likes(first: tuple[Path, Movement], tmp_path: Path) -> None:
    def of_macos(found: dict[str, Any]) -> None:
        found["origin"]["filename"] = "Screen Recording at 9.41.00\u202fAM\u00a0\n.mov"

    _changed(first[0], tmp_path / "macos", of_macos)
    assert read(str(tmp_path / "macos")).landings == read(str(first[0])).landings
    out = tmp_path / "kept"
    shutil.copytree(first[0], out)
    (place,) = [one for one in out.rglob("*.json") if '"entries"' in one.read_text(encoding="utf-8")]
    content = json.loads(place.read_text(encoding="utf-8"))
    content["origin"]["filename"] = "9.41\u202fAM.mov"
    place.write_text(json.dumps(content), encoding="utf-8")
    assert kept.read(out).origin.filename == "9.41\u202fAM.mov"


def test_a_folder_is_named_without_its_path_and_by_what_is_text(first: tuple[Path, Movement], tmp_path: Path) -> None:
    folder = tmp_path / "Ann Smith" / os.fsdecode(b"july \xff\x1b")
    folder.parent.mkdir()
    _changed(first[0], folder, lambda _: None)
    name = read(str(folder)).analysis
    assert name == "july ?? (11111111)"
    assert name.encode()


def test_two_persons_of_a_folder_are_one_recording(first: tuple[Path, Movement], tmp_path: Path) -> None:
    def second(found: dict[str, Any]) -> None:
        (moved,) = found["movement"]["persons"]
        other = json.loads(json.dumps(moved))
        for event in other["events"]:
            event["contact_frame"] += 1000
        found["persons"].append({**found["persons"][0], "id": 2})
        found["movement"]["persons"].append({**other, "person": 2})

    folder = tmp_path / "july"
    _changed(first[0], folder, second)
    one = read(f"{folder}:1").landings
    both = against(None, [f"{folder}:1", f"{folder}/:2", f"{folder}:2"])
    assert both is not None
    assert [len(each.landings) for each in both.earlier] == [2 * len(one)]


def test_whoever_does_not_land_is_no_baseline(first: tuple[Path, Movement], tmp_path: Path) -> None:
    def still(found: dict[str, Any]) -> None:
        found["movement"]["persons"][0]["events"] = []

    folder = tmp_path / "still"
    _changed(first[0], folder, still)
    with pytest.raises(EarlierError, match=r"Nobody lands in .*still\. Leave it out"):
        read(str(folder))
    with pytest.raises(EarlierError, match="Person 1 does not land in"):
        read(f"{folder}:1")


def test_what_is_no_file_or_too_large_is_refused_at_once(tmp_path: Path) -> None:
    place = tmp_path / "result.json"
    os.mkfifo(place)
    with pytest.raises(EarlierError, match="is no file of at most 64 MiB"):
        read(str(tmp_path))
    place.unlink()
    with place.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    with pytest.raises(EarlierError, match="is no file of at most 64 MiB"):
        read(str(tmp_path))
