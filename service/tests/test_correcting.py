# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A report that is corrected is the report that an analysis with the same corrections writes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest

from fastbreak_service import cli, correcting
from fastbreak_service.earlier import Against, content_of
from fastbreak_service.movement.baseline import Recording
from fastbreak_service.people.corrections import Exchange, Merge, Split, corrected
from fastbreak_service.people.observed import Observed
from fastbreak_service.reporting import exchange, folder
from fastbreak_service.reporting.document import Model, Origin
from fastbreak_service.reporting.kept import Kept, Wanted
from fastbreak_service.retelling import retold
from fastbreak_service.video.completeness import Completeness
from fastbreak_service.video.facts import VideoFacts
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.limits import Limits
from fastbreak_service.vision.models import ModelIdentity
from support import clips, models, reports

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from fastbreak_service.people.corrections import Correction
    from fastbreak_service.reporting.faces import Faces
    from fastbreak_service.video.frames import Frame

RATE, FRAMES, SIDE = 30, 181, 400
PLAIN = Wanted()
MODEL = ModelIdentity("blazepose-full", "0" * 64)
FACTS = VideoFacts(SIDE, SIDE, RATE, FRAMES, FRAMES / RATE, 0, Completeness.WHOLE)
SAID: dict[str, tuple[list[str], list[Correction]]] = {
    "merge": (["--merge", "1,3"], [Merge((1, 3))]),
    "split": (["--split", "2@4.9"], [Split(2, 4.9)]),
    "split by a frame": (["--split", "2@147f"], [Split(2, 4.9)]),
    "exchange": (["--exchange", "2,3@3"], [Exchange(2, 3, 3.0)]),
    "several": (["--exchange", "2,3@120f", "--merge", "1,3"], [Exchange(2, 3, 4.0), Merge((1, 3))]),
}


def seen() -> Observed:
    """Somebody who lands three times, who is number 1 and from 2 s on number 3, and somebody who stands there, 2."""
    kept = Observed()
    lands = {one.frame: one for one in reports.observed(reports.trails()).sightings()}
    stands = {one.frame: one for one in models.filmed(lambda _: models.Posed(), 90, FRAMES / RATE).sightings()}
    for frame in range(FRAMES):
        for person, found in ((1 if frame < 60 else 3, lands), (2, stands)):
            if one := found.get(frame):
                points = (one.pose.points * np.float32(SIDE / 1000)).astype(np.float32)
                kept.add(replace(one, person=person, pose=replace(one.pose, points=points)))
    return kept


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film in which each frame looks otherwise."""
    shade = np.linspace(0, 200, SIDE).astype(np.uint8)
    picture = np.stack(np.broadcast_arrays(shade[None], shade[:, None], np.uint8(90)), axis=-1)
    pictures = [(picture + np.uint8(index // 4)).astype(np.uint8) for index in range(FRAMES)]
    return clips.write(tmp_path_factory.mktemp("clip") / "run.mp4", pictures)


def write(out: Path, clip: Path, corrections: Sequence[Correction] = (), wanted: Wanted = PLAIN, **how: bool) -> Path:
    """The report of an analysis with these corrections."""
    raw = seen()
    _, made = corrected(raw.sightings(), corrections)
    origin = Origin(clip.name, hashlib.sha256(clip.read_bytes()).hexdigest(), "1.2.3", "abc", [Model("m", "2" * 64)])
    told = retold(raw, made, FACTS, MODEL)
    kept = Kept(origin, FACTS, MODEL, raw, dict(enumerate(made, 1)), wanted)
    folder.write(out, kept, told, VideoReader(clip, Limits()), **how)
    return out


def content(report: Path) -> dict[str, bytes]:
    """Every file by its name."""
    return {path.relative_to(report).as_posix(): path.read_bytes() for path in report.rglob("*") if path.is_file()}


def told(report: Path) -> dict[str, bytes]:
    """Every file that is for others; pictures that are kept may be more."""
    return {name: text for name, text in content(report).items() if not name.startswith("kept/")}


@pytest.mark.parametrize("said", SAID)
def test_all_files_are_those_of_an_analysis_that_was_told_the_same(tmp_path: Path, clip: Path, said: str) -> None:
    options, corrections = SAID[said]
    wanted = Wanted(as_parquet=True, body_heights={2: 1.8})
    report, other = write(tmp_path / "one", clip, wanted=wanted), write(tmp_path / "other", clip, corrections, wanted)
    before = content(report)
    assert cli.main(["correct", str(report), *options, "--footage", str(clip)]) == 0
    after = told(report)
    assert after.keys() == told(other).keys()
    assert [name for name, text in told(other).items() if after[name] != text] == []
    assert after["result.json"] != before["result.json"]
    persons = {one["id"] for one in json.loads(after["result.json"])["persons"]}
    assert set(pq.read_table(report / "angles.parquet")["person"].to_pylist()) <= persons
    # Said again, by other words for the same too, nothing changes.
    whole = content(report)
    assert cli.main(["correct", str(report), *options]) == 0
    assert content(report) == whole
    # And undone all is as it was.
    for _ in corrections:
        assert cli.main(["correct", str(report), "--undo"]) == 0
    assert told(report) == {name: text for name, text in before.items() if not name.startswith("kept/")}


def test_without_the_clip_its_pictures_stay_with_their_bodies(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, other = write(tmp_path / "one", clip), write(tmp_path / "other", clip, [Exchange(1, 2, 0)])
    assert cli.main(["correct", str(report), "--exchange", "1,2@0"]) == 0
    assert told(report) == told(other)
    assert b"data:image/jpeg" in told(report)["report.html"]
    assert "1: Persons 1 and 2 change their numbers at 0 s." in capsys.readouterr().out


def test_films_are_made_anew_by_the_clip_and_else_said_to_be_old(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = write(tmp_path / "one", clip, video=True)
    (report / "notes.txt").write_text("mine")
    first = content(report)
    assert b"To play" in first["report.html"]
    assert cli.main(["correct", str(report), "--merge", "1,3"]) == 0
    assert "annotated.mp4 still has the numbers from before: say --footage" in capsys.readouterr().out
    second = content(report)
    assert second["notes.txt"] == b"mine"
    assert b"are from before persons were corrected" in second["report.html"]
    assert {name: second[name] == first[name] for name in ("annotated.mp4", "proxy.mp4")} == {
        "annotated.mp4": True,
        "proxy.mp4": True,
    }
    assert cli.main(["correct", str(report), "--footage", str(clip)]) == 0
    assert "still has the numbers" not in capsys.readouterr().out
    third = content(report)
    assert third["annotated.mp4"] != first["annotated.mp4"]
    assert third["proxy.mp4"] == first["proxy.mp4"]
    assert third["notes.txt"] == b"mine"
    assert b"are from before persons were corrected" not in third["report.html"]
    assert b"To play" in third["report.html"]
    # Undone without the clip, the film has other numbers than the page again.
    assert cli.main(["correct", str(report), "--undo", "1"]) == 0
    assert "still has the numbers" in capsys.readouterr().out


def test_faces_that_were_covered_stay_covered(tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = write(tmp_path / "one", clip, wanted=Wanted(blur_faces=True))
    asked: list[int] = []

    def covered(frames: Iterable[Frame], faces: Faces) -> Iterable[Frame]:
        asked.append(len(faces.circles(1.0)))
        return frames

    monkeypatch.setattr(correcting, "covered", covered)
    assert cli.main(["correct", str(report), "--merge", "1,3", "--footage", str(clip)]) == 0
    assert asked == [2]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--merge", "1,2"], 1, "cannot be one: both are seen"),
        (["--merge", "1,9"], 1, "There is no person 9 to merge; there are 1, 2 and 3"),
        (["--merge", "1,3", "--split", "3@5"], 1, "There is no person 3 to split"),
        (["--split", "2@9000f"], 1, "Nobody is seen from frame 9000 on"),
        (["--undo"], 1, "No correction stands"),
        (["--undo", "4"], 1, "There is no correction 4 that stands"),
        (["--merge", "1,3", "--footage", "other.mp4"], 1, "is not the clip of the report"),
        (["--merge", "1,3", "--footage", "none.mp4"], 2, "There is no file"),
    ],
)
def test_what_cannot_be_changes_nothing(  # noqa: PLR0913, PLR0917 - a case is all of this
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, words: str
) -> None:
    report = write(tmp_path / "one", clip)
    (tmp_path / "other.mp4").write_bytes(b"another")
    before = content(report)
    paths = [str(tmp_path / word) if word.endswith(".mp4") else word for word in options]
    assert cli.main(["correct", str(report), *paths]) == code
    assert words in capsys.readouterr().err
    assert content(report) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other.mp4"]


@pytest.mark.parametrize(
    "option", ["--merge=1", "--split=2", "--split=2@-1", "--exchange=2,2@3f", "--undo=0", "--undo=x"]
)
def test_what_is_no_correction_is_refused(tmp_path: Path, option: str) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["correct", str(tmp_path), option])
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("kept/report.json", None, "there is no"),
        ("kept/sightings.npy", None, "there is no"),
        ("kept/report.json", b"{", "could not be read"),
        ("kept/report.json", b"[]", "is not what this release writes"),
        ("kept/report.json", b'{"form": "urn:fastbreak:kept:2"}', "is not what this release writes there (form)"),
        ("kept/sightings.npy", b"\x93NUMPY", "could not be read"),
        ("kept/sightings.npy", "numbers", "is not what this release writes there (sightings)"),
    ],
)
def test_a_folder_that_keeps_no_report_is_refused(  # noqa: PLR0913, PLR0917 - a case is all of this
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str], name: str, text: bytes | str | None, words: str
) -> None:
    report = write(tmp_path / "one", clip)
    if isinstance(text, bytes):
        (report / name).write_bytes(text)
    elif text:
        np.save(report / name, np.arange(7))
    else:
        (report / name).unlink()
    before = content(report)
    assert cli.main(["correct", str(report), "--merge", "1,3"]) == 2
    assert words in capsys.readouterr().err
    assert content(report) == before


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["correct", str(tmp_path / "none")]) == 2
    assert "There is no folder" in capsys.readouterr().err


def test_whatever_breaks_off_leaves_the_folder_whole(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = write(tmp_path / "one", clip)
    before = content(report)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for name in ("_filled", "_carry", "exchange"):
        (report / "notes.txt").write_text("mine")
        with monkeypatch.context() as patched:
            patched.setattr(folder, name, killed)
            assert cli.main(["correct", str(report), "--merge", "1,3"]) == 130
        (report / "notes.txt").unlink()
        assert content(report) == before
        assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_where_folders_are_exchanged_in_steps_a_kill_between_them_is_mended(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = write(tmp_path / "one", clip)
    monkeypatch.setattr(folder, "exchange", exchange.stepwise)
    assert cli.main(["correct", str(report), "--merge", "1,3"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    whole = content(report)
    report.rename(tmp_path / ".one.before")
    assert cli.main(["correct", str(report)]) == 0
    assert content(report) == whole


def test_two_at_once_are_one_after_the_other(tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = write(tmp_path / "one", clip)
    with correcting.alone(report):
        assert cli.main(["correct", str(report), "--merge", "1,3"]) == 1
    assert "Somebody else corrects this report" in capsys.readouterr().err


def test_a_number_that_was_somebodys_is_given_to_nobody_else(tmp_path: Path, clip: Path) -> None:
    report = write(tmp_path / "one", clip)
    assert cli.main(["correct", str(report), "--merge", "1,3", "--split", "2@3", "--undo", "2", "--split", "2@4"]) == 0
    persons = [one["id"] for one in json.loads((report / "result.json").read_bytes())["persons"]]
    assert persons == [1, 2, 5]


def test_a_body_height_is_said_later(tmp_path: Path, clip: Path) -> None:
    report = write(tmp_path / "one", clip)
    assert cli.main(["correct", str(report), "--body-height", "2=1.8"]) == 0
    assert {path.name for path in (report / "opensim").glob("person2*.trc")} == {"person2.trc"}


def test_a_players_earlier_recordings_are_held_against_whoever_it_is_now(tmp_path: Path, clip: Path) -> None:
    against = content_of(Against(1, [Recording("before", "3" * 64, f"{MODEL.name} {MODEL.sha256}", [])]))
    report = write(tmp_path / "one", clip, wanted=Wanted(against=against))
    assert cli.main(["correct", str(report), "--merge", "1,3"]) == 0
    moved = json.loads((report / "result.json").read_bytes())["movement"]["persons"][0]
    assert (moved["person"], len(moved["events"])) == (1, 3)
    assert {told["analyses"] for told in moved["no_baseline"]} == {0}
