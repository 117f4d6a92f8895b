# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The folder of a report: its schema, tables and page, and the page as a real browser shows it."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from contextlib import nullcontext
from dataclasses import replace
from html import escape
from importlib.resources import files
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from fastbreak_service import analyzing
from fastbreak_service.movement.curves import Curve, curves
from fastbreak_service.movement.review import Trails, events, review
from fastbreak_service.movement.series import motion
from fastbreak_service.movement.values import (
    Cut,
    Deceleration,
    Landing,
    Moved,
    Movement,
    Name,
    Reason,
    Side,
    Status,
)
from fastbreak_service.people.observed import Observed
from fastbreak_service.report import Report, as_text
from fastbreak_service.reporting import folder, sections, tables
from fastbreak_service.reporting.document import Model, Origin, as_json, document, schema
from fastbreak_service.reporting.page import Evidence, page
from fastbreak_service.reporting.plots import plot
from fastbreak_service.retelling import Told
from support import reports
from support.figures import Camera, Drop, Leap, film

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastbreak_service.reporting.kept import Kept
    from fastbreak_service.reporting.plots import Bar

BROWSER = shutil.which("chromium")
PUBLISHED = files("fastbreak_service.reporting").joinpath("analysis.schema.json")
KEPT = {"kept/report.json", "kept/sightings.npy"}
MOTIONS = {"opensim/not_told.csv", *(f"opensim/person1_{number}.mot" for number in (1, 2, 3))}
NAMES = {"result.json", "angles.csv", "events.csv", "findings.csv", "report.html"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Movement]:
    """A report, and what it says of movement."""
    out = tmp_path_factory.mktemp("reports") / "report"
    return out, reports.write(out)


@pytest.fixture(scope="module")
def html(written: tuple[Path, Movement]) -> str:
    return (written[0] / "report.html").read_text(encoding="utf-8")


def test_the_result_has_the_published_form(written: tuple[Path, Movement]) -> None:
    found = json.loads((written[0] / "result.json").read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(schema()).validate(found)
    assert {path.name for path in written[0].iterdir()} == NAMES | {"kept", "opensim"}
    (finding,) = [one for one in found["movement"]["persons"][0]["findings"] if one["side"] == "left"]
    assert (finding["status"], finding["repetitions"]) == ("for_review", 3)
    assert found["origin"]["models"] == [{"name": "pose.tflite", "sha256": "2" * 64}]


def test_the_schema_is_published_as_it_is() -> None:
    """Who changes the form sees it here: write it again with `python -m fastbreak_service.reporting.document`."""
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == schema()


def wrong(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {**found, "more": 1}
    yield {name: value for name, value in found.items() if name != "limits"}
    yield {**found, "form": "urn:fastbreak:analysis:2"}
    yield {**found, "movement": {**found["movement"], "left_out": -1}}


def test_the_schema_refuses_another_form(written: tuple[Path, Movement]) -> None:
    found = json.loads((written[0] / "result.json").read_text(encoding="utf-8"))
    validator = jsonschema_rs.validator_for(schema())
    assert not [one for one in wrong(found) if validator.is_valid(one)]


def test_the_tables_have_a_row_each(written: tuple[Path, Movement]) -> None:
    out, movement = written
    (moved,) = movement.persons
    landings = [event for event in moved.events if isinstance(event, Landing)]
    assert len(landings) == reports.TIMES

    def rows(name: str) -> list[dict[str, str]]:
        with (out / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    measured = rows("events.csv")
    assert list(measured[0]) == tables.EVENTS
    assert len([row for row in measured if row["kind"] == "landing"]) == sum(len(one.measures) for one in landings)
    assert all(bool(row["value"]) != bool(row["not_measurable"]) for row in measured)
    repeated = rows("findings.csv")
    assert len(repeated) == sum(len(finding.shown) for finding in moved.findings)
    assert {row["citation"] for row in repeated} == {one.reference.citation for one in moved.findings}
    assert [row["value_degrees"] for row in rows("angles.csv")] == ["20.0"]


def test_the_page_says_each_finding_with_all_that_it_stands_on(html: str, written: tuple[Path, Movement]) -> None:
    (moved,) = written[1].persons
    for finding in moved.findings:
        told = [finding.words, finding.reference.citation, finding.reference.population, f"{finding.rate:g} frames"]
        assert not [words for words in told if escape(words) not in html]
        assert html.count(f'href="#shot-1-{finding.shown[0].frame}"') >= 1
    reviewed = [finding for finding in moved.findings if finding.status is Status.FOR_REVIEW]
    assert html.index('class="card for_review"') < html.index("<h2>Landings, jumps, cuts and decelerations</h2>")
    assert f"{len(reviewed)} findings for review" in html
    assert "not measurable (view)" in html
    assert "diagnosis" in html
    assert html.count("data:image/jpeg;base64,") == len(set(re.findall(r'href="#(shot-[0-9-]+)"', html)))


def test_the_page_asks_for_nothing_and_keeps_what_others_wrote_apart(html: str) -> None:
    assert escape(reports.FILENAME) in html
    assert "<script" not in html
    asked = set(re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"'>)]{,5})""", html))
    assert {address if address == "data:" else address[:1] for address in asked} == {"data:", "#"}


def test_cuts_and_decelerations_are_told_with_number_or_reason() -> None:
    where = (60, 2.0, 2.1, 1.9, 60.0, 300.0)
    ways: list[Cut | Deceleration] = [
        Cut("cut", *where, 92.4, 4.2, None, ""),
        Cut("cut", *where, None, None, Reason.VIEW, "The person comes < here."),
        Deceleration("deceleration", *where, 2.6, 0.2, None, ""),
    ]
    movement = Movement([Moved(1, [*ways], [])], 0)
    found = document(Origin("x.mp4", "1" * 64, "1", "abc", []), reports.NOBODY_SAID, reports.result(), movement)
    jsonschema_rs.validator_for(schema()).validate(json.loads(json.dumps(as_json(found))))
    html = page(found, Evidence({}, {}))
    for words in (
        "0 landings, 0 jumps, 2 cuts, 1 deceleration of",
        "turned by 92 ± 4° in the picture",
        "not measurable (view): The person comes &lt; here",
        "lost 2.6 ± 0.2 body heights a second in a second",
    ):
        assert words in html
    rows = list(csv.DictReader(tables.events(movement).splitlines()))
    assert [(row["measure"], row["value"]) for row in rows if row["kind"] == "deceleration"] == [
        *(("speed_before", "2.1"), ("speed_after", "1.9"), ("deceleration", "2.6"))
    ]
    assert {(row["frame"], row["unit"]) for row in rows if row["measure"] == "angle_in_picture"} == {("60", "degree")}


def test_a_clip_without_events_has_a_page_that_says_so() -> None:
    origin = Origin("x.mp4", "1" * 64, "1", "abc", [Model("m", "2")])
    empty = document(origin, reports.NOBODY_SAID, replace(reports.result(), persons=[]), Movement([], 0))
    jsonschema_rs.validator_for(schema()).validate(as_json(empty))
    said = page(empty, Evidence({}, {}))
    assert "No landing, jump, cut or deceleration was found" in said
    assert "Nobody was seen" in said


def test_the_table_says_how_many_events_are_left_out() -> None:
    told = [
        as_text(Report("x.mp4", 1.0, reports.result(), [], reports.NOBODY_SAID, Movement([], left))) for left in (0, 7)
    ]
    assert ["left out" in text for text in told] == [False, True]
    assert told[1].endswith("7 more events at the end of the clip are left out")


def test_a_report_says_for_how_long_each_kind_was_looked_for() -> None:
    looked = {"landing": 12.34, "jump": 12.34, "cut": 0.0, "deceleration": 0.0}
    report = Report("x.mp4", 1.0, reports.result(), [], reports.NOBODY_SAID, Movement([], 0, looked))
    said = "Looked for over all persons: landings 12.3 s, jumps 12.3 s, cuts 0.0 s, decelerations 0.0 s."
    assert said in as_text(report)
    origin = Origin("x.mp4", "1" * 64, "1", "abc", [Model("m", "2")])
    found = document(origin, reports.NOBODY_SAID, reports.result(), Movement([], 0, looked))
    jsonschema_rs.validator_for(schema()).validate(as_json(found))
    assert said in page(found, Evidence({}, {}))


def test_a_gap_in_a_curve_stays_a_gap() -> None:
    seen = [1.0, 2.0, None, 2.0, 1.0]
    curve = Curve("x", Side.LEFT, [0, 1, 2, 3, 4], [-0.2, -0.1, 0.0, 0.1, 0.2], seen, seen)
    assert plot("x", [curve], 0.1, [], None).count("<polyline") == 2
    assert plot("x", [replace(curve, seen=[None] * 5, smooth=[None] * 5)], 0.1, [], None) == ""


def test_a_flight_that_was_measured_needs_no_reason() -> None:
    """Onto a box there is a flight and no height."""
    found, _ = review(film(Leap(height=0.6, level=0.3), 2.5, Camera(noise=1)), 60)
    rows = csv.DictReader(io.StringIO(tables.events(Movement([Moved(1, found, [])], 0))))
    told = {row["measure"]: (bool(row["value"]), row["not_measurable"]) for row in rows if row["kind"] == "jump"}
    assert told == {"flight": (True, ""), "height": (False, "level")}


def test_a_value_stands_at_its_frame_whatever_the_clips_rate_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a clip of 480 frames a second every other one is in the series."""
    trail = film(Drop(height=0.6, deepest=50, contact=0.6), 1.2, Camera(rate=480))
    (landing,) = (event for event in events(trail, 480).events if isinstance(event, Landing))
    moved = motion(trail, 480)
    assert moved is not None
    stood: list[Bar] = []

    def note(_title: str, _curves: object, _deepest: float, bars: list[Bar], _limit: object) -> str:
        stood.extend(bars)
        return ""

    monkeypatch.setattr(sections, "plot", note)
    sections.landing_card(1, landing, "", curves(moved, landing))
    peaks = [value for value in landing.measures if value.measure == Name.PEAK_KNEE_FLEXION and value.frame is not None]
    assert peaks
    for peak in peaks:
        (bar,) = (bar for bar in stood if (bar.value, bar.side) == (peak.value, peak.side))
        assert bar.seconds == pytest.approx(((peak.frame or 0) - landing.contact_frame) / 480, abs=0.001)


def test_what_was_written_is_listed_and_what_was_not(tmp_path: Path) -> None:
    out = tmp_path / "x\udcff"
    _, listed = reports.written(out, as_parquet=True, body_heights={1: 1.75})
    names = NAMES | MOTIONS | KEPT | {"opensim/person1.trc", "angles.parquet"}
    assert listed[0].endswith("x?:")
    assert {line.strip() for line in listed if line.startswith("  ")} == names - KEPT
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.*")} == names
    assert any("1.75 m are taken for" in line for line in listed)


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    assert folder.problem_of(tmp_path / "new") is None
    assert folder.problem_of(tmp_path) is None
    (tmp_path / "kept").write_text("x")
    assert "not empty" in str(folder.problem_of(tmp_path))
    assert "no folder" in str(folder.problem_of(tmp_path / "kept"))
    assert "make it first" in str(folder.problem_of(tmp_path / "none" / "new"))


def test_a_link_leads_to_the_folder_that_is_written(tmp_path: Path) -> None:
    """A link cannot be replaced by a folder, and what it leads to can."""
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    (tmp_path / "astray").symlink_to(tmp_path / "none" / "new")
    assert folder.problem_of(tmp_path / "link") is None
    assert "astray; make it first" in str(folder.problem_of(tmp_path / "astray"))
    reports.write(tmp_path / "link")
    assert {path.name for path in (tmp_path / "there").iterdir()} == NAMES | {"kept", "opensim"}


def test_what_cannot_be_replaced_is_refused_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.is_mount", lambda _path: True)
    assert "cannot be replaced" in str(folder.problem_of(tmp_path / "new"))


@pytest.mark.parametrize("as_data", [False, True])
@pytest.mark.parametrize("problem", [None, OSError(28, "No space left on device", "report")])
def test_the_result_is_told_of_any_name_and_when_its_report_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: OSError | None, *, as_data: bool
) -> None:
    clip = tmp_path / "x\udcff.mp4"
    clip.write_bytes(b"x")
    wanted = SimpleNamespace(
        file=clip,
        out=tmp_path / "report",
        json=as_data,
        movement=False,
        video=False,
        blur_faces=False,
        parquet=True,
        body_height=[(1, 1.8)],
        who_is_who=[],
    )
    settings = SimpleNamespace(limits=None, models_directory=tmp_path)
    named: list[str] = []

    def write(_folder: Path, kept: Kept, told: Told, _frames: object, *, video: bool) -> list[str]:
        assert (told, video) == (found[1], False)
        assert (kept.wanted.as_parquet, kept.wanted.body_heights) == (True, {1: 1.8})
        named.append(kept.origin.filename)
        if problem:
            raise problem
        return ["report:", "  result.json"]

    report = Report(analyzing._name(clip), 1.0, reports.result(), [], reports.NOBODY_SAID, Movement([], 0))
    nobody: dict[int, object] = {}
    whole = Told(reports.NOBODY_SAID, report.result, Movement([], 0), [], Observed(), Trails())
    found = (report, whole, (Observed(), nobody))
    monkeypatch.setattr(analyzing, "_analysed", lambda *_: found)
    monkeypatch.setattr(analyzing, "verified", lambda _models: {})
    monkeypatch.setattr(analyzing, "VideoReader", lambda *_: None)
    monkeypatch.setattr(folder, "write", write)
    told: list[str] = []
    with pytest.raises(OSError, match="No space") if problem else nullcontext():
        analyzing.run(wanted, settings, lambda _: None, told.append)  # type: ignore[arg-type]
    assert named == ["x?.mp4"]
    assert "x?.mp4" in told[0]
    assert told[1:] == ([] if problem or as_data else ["\nreport:\n  result.json"])


def test_a_report_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.rename", full)
    with pytest.raises(OSError, match="No space") as caught:
        reports.write(tmp_path / "report")
    assert caught.value.filename == str(tmp_path / "report")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not BROWSER, reason="there is no chromium: the stage installs it")
def test_a_browser_draws_the_page(written: tuple[Path, Movement], tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr")
    options = (f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1100,3000", f"--screenshot={picture}")
    address = (written[0] / "report.html").as_uri()
    done = subprocess.run([str(BROWSER), *quiet, *options, address], capture_output=True, text=True, check=True)
    # A browser tells here what the page asks for and its policy refuses.
    assert not re.search(r"Refused to|ERR_|Uncaught", done.stderr), done.stderr
    # Text alone is a third of this.
    assert picture.stat().st_size > 100_000
