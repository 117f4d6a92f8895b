# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The command `letters`, with a worker's own login on a real database and videos in a folder."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from fastbreak_service.cli import main
from fastbreak_service.footage.folder import Folder
from fastbreak_service.identity.caller import DEFAULT_TEAM
from fastbreak_service.settings import database_settings
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.tables import analyses, work
from fastbreak_service.store.team_analyses import NewAnalysis, TeamAnalyses
from fastbreak_service.store.work import WorkQueue
from support.owned import settings_apart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from support.postgres import Postgres

PART = {"from_seconds": 0.0, "to_seconds": 60.0, "code": "worker_died", "message": "tried 3 times"}
RESULT = {"video": {}, "model": {"name": "m", "sha256": "s"}, "persons": [], "missing": [PART]}


class Desk:
    """Somebody who runs the command, and the folder and the queue that it is about."""

    def __init__(self, owner: Engine, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.owner, self.folder = owner, Folder.lasting(folder)
        self.queue = WorkQueue(owner, self.folder.place, 30)
        self._capsys = capsys

    def accept(self) -> uuid.UUID:
        new = NewAnalysis(uuid.uuid4(), "player 23.mp4", 1, self.folder.place, durable=True, service_version="0")
        video = self.folder.directory / f"{new.id}.upload"
        video.write_bytes(b"video")
        self.folder.keep(new.id, video)
        TeamAnalyses(self.owner, DEFAULT_TEAM).add(new)
        return new.id

    def dead(self, *, succeeded: bool = False) -> uuid.UUID:
        """A dead letter: of work that failed, or of a result in which a part is missing."""
        analysis = self.accept()
        taken = self.queue.take(abandoned=False)
        assert taken is not None
        records = AnalysisStore(self.owner)
        assert records.start(analysis, taken.owner, taken.attempt)
        if succeeded:
            none = self.folder.directory / "none"
            assert records.finish(analysis, taken.owner, RESULT, none, held=taken, dead="1 parts are missing")
        else:
            assert records.fail(analysis, taken.owner, "worker_died", "tried 3 times", taken, dead=True)
        return analysis

    def letters(self, *words: object) -> tuple[int, str, str]:
        code = main(["letters", *map(str, words)])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def status(self, analysis: uuid.UUID) -> str:
        with self.owner.connect() as connection:
            found = connection.execute(sa.select(analyses.c.status).where(analyses.c.id == analysis))
            return str(found.scalar_one())


@pytest.fixture(scope="module")
def apart(postgres: Postgres) -> dict[str, dict[str, str]]:
    return settings_apart(postgres.environment(postgres.database()))


@pytest.fixture
def desk(
    apart: dict[str, dict[str, str]],
    postgres: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    for name, value in apart["work"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FASTBREAK_FOOTAGE", str(tmp_path / "footage"))
    engine = make_engine(database_settings(postgres.environment(apart["work"]["FASTBREAK_DATABASE_NAME"])))
    yield Desk(engine, tmp_path / "footage", capsys)
    engine.dispose()


def test_what_is_forgotten_rings_no_alarm_and_its_analysis_stays(desk: Desk) -> None:
    failed, incomplete = desk.dead(), desk.dead(succeeded=True)
    code, said, _ = desk.letters("list")
    lines = said.splitlines()
    assert (code, len(lines), lines[-1]) == (0, 3, "dead letters: 2")
    assert lines[0].startswith(str(incomplete))
    assert " succeeded, 1 parts missing; tried 1 times, failed 0: 1 parts are missing" in lines[0]
    assert lines[1].startswith(str(failed))
    assert lines[1].endswith(" failed; tried 1 times, failed 0: tried 3 times")
    assert "player 23" not in said, "nothing of a person"
    assert desk.queue.backlog().dead_letters == 2
    assert desk.letters("forget", failed, incomplete)[0] == 0
    assert desk.queue.backlog().dead_letters == 0
    assert (desk.status(failed), desk.status(incomplete)) == ("failed", "succeeded")
    assert desk.letters("list") == (0, "dead letters: 0\n", "")


def test_what_is_given_back_is_analysed_again_with_all_its_attempts(desk: Desk) -> None:
    failed = desk.dead()
    code, said, _ = desk.letters("give-back", failed)
    assert (code, said) == (0, f"the dead letter {failed} was given back\n")
    assert (desk.status(failed), desk.queue.backlog().dead_letters) == ("queued", 0)
    again = desk.queue.take(abandoned=False)
    assert again is not None
    assert (again.analysis, again.attempt, again.failures, again.reason) == (failed, 2, 0, "")
    records = AnalysisStore(desk.owner)
    assert records.start(failed, again.owner, again.attempt)
    assert records.finish(failed, again.owner, RESULT | {"missing": []}, desk.folder.directory / "none", held=again)
    assert desk.queue.done(again)
    assert desk.status(failed) == "succeeded"


def test_what_cannot_be_done_again_is_left_with_the_reason_and_the_others_are_not(desk: Desk) -> None:
    gone, incomplete, waits, good = desk.dead(), desk.dead(succeeded=True), uuid.uuid4(), desk.dead()
    desk.folder.discard(gone)
    code, said, refused = desk.letters("give-back", gone, incomplete, waits, good)
    assert (code, said) == (1, f"the dead letter {good} was given back\n")
    assert [line.partition(" was not given back: ")[2].split(".")[0] for line in refused.splitlines()] == [
        "its video is gone",
        "its analysis has a result, in which parts are missing, and people may have reviewed it",
        "there is none of that id: it was forgotten, or its analysis was erased",
    ]
    assert (desk.status(gone), desk.status(incomplete)) == ("failed", "succeeded")
    assert desk.queue.backlog().dead_letters == 2
    code, _, refused = desk.letters("forget", good)
    assert (code, "it is none: its analysis waits or is being worked on" in refused) == (1, True)
    assert desk.status(good) == "queued"


def test_so_many_are_listed_that_all_can_be_read_and_no_more_are_taken_at_once(desk: Desk) -> None:
    found = [desk.dead() for _ in range(16)]
    _, said, _ = desk.letters("list")
    assert len(said.splitlines()) == 16
    assert said.endswith("dead letters: 16, of which these are the 15 newest\n")
    assert desk.letters("forget", *found)[0] == 2
    assert desk.queue.backlog().dead_letters == 16


def test_letters_of_another_storage_are_told_apart(desk: Desk) -> None:
    elsewhere = desk.dead()
    with desk.owner.begin() as connection:
        connection.execute(sa.update(work).where(work.c.analysis_id == elsewhere).values(place="s3://other"))
    code, _, refused = desk.letters("forget", elsewhere)
    assert (code, "in another storage than FASTBREAK_FOOTAGE names" in refused) == (1, True)


def test_a_database_that_is_away_and_a_wrong_id_are_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTBREAK_DATABASE_PORT", "1")
    code, _, refused = desk.letters("list")
    assert (code, "The dead letters of" in refused) == (1, True)
    with pytest.raises(SystemExit, match="2"):
        desk.letters("forget", "none")
    monkeypatch.setenv("FASTBREAK_FOOTAGE", "")
    assert desk.letters("list")[0] == 2
