# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A worker that the database refuses ends, so that a deployment sees it; one that cannot reach it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.forwarding import forwarded
from support.postgres import free_port
from support.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from support.postgres import Postgres


@pytest.mark.parametrize(
    "login",
    [
        {"FASTBREAK_DATABASE_USER": "fastbreak_worker_a"},
        {"FASTBREAK_DATABASE_PASSWORD": "another"},
        {"FASTBREAK_DATABASE_NAME": "no_such"},
    ],
    ids=["no such user", "another password", "no such database"],
)
def test_a_worker_that_is_refused_ends(migrated: dict[str, str], tmp_path: Path, login: dict[str, str]) -> None:
    worker = Service(migrated | {"FASTBREAK_FOOTAGE": str(tmp_path / "f")} | login, tmp_path / "log", program="work")
    worker.launch()
    assert worker.process is not None
    try:
        assert worker.process.wait(120) == 1
    finally:
        worker.end()
    last = worker.logged()[-1]
    assert last["event"] == "the database refuses this worker"
    assert next(iter(login.values())) in last["reason"] or "password authentication failed" in last["reason"]
    assert "FASTBREAK_DATABASE_WORKER_SECRET" in last["advice"]


def test_a_worker_whose_schema_is_too_old_ends(postgres: Postgres, tmp_path: Path) -> None:
    """A release that was not migrated for, for whatever reason, gets no further than its first worker."""
    settings = postgres.environment(postgres.database()) | {"FASTBREAK_FOOTAGE": str(tmp_path / "f")}
    worker = Service(settings, tmp_path / "log", program="work")
    worker.launch()
    assert worker.process is not None
    try:
        assert worker.process.wait(120) == 1
    finally:
        worker.end()
    last = worker.logged()[-1]
    assert (last["event"], last["revision"]) == ("the database's schema is too old for this worker", "none")


def test_a_worker_whose_database_is_away_waits_until_it_is_told_to_stop(
    migrated: dict[str, str], tmp_path: Path
) -> None:
    away = {"FASTBREAK_FOOTAGE": str(tmp_path / "f"), "FASTBREAK_DATABASE_PORT": str(free_port())}
    worker = Service(migrated | away, tmp_path / "log", program="work")
    worker.launch()
    try:
        worker.wait_logged(event="database away at the start")
        assert worker.terminate() == 0
    finally:
        worker.end()
    assert not any(line["event"] == "working" for line in worker.logged())


@pytest.mark.parametrize("fit", [True, False])
def test_a_worker_begins_once_its_database_is_back_and_fit_for_it(
    postgres: Postgres, migrated: dict[str, str], tmp_path: Path, fit: bool
) -> None:
    """It takes nothing of a database that it has not looked at, and looks for its schema as one that came at once."""
    settings = migrated if fit else postgres.environment(postgres.database())
    port = free_port()
    away = {"FASTBREAK_FOOTAGE": str(tmp_path / "f"), "FASTBREAK_DATABASE_PORT": str(port)}
    worker = Service(settings | away, tmp_path / "log", program="work")
    worker.launch()
    assert worker.process is not None
    try:
        worker.wait_logged(event="database away at the start")
        with forwarded(port, postgres.port):
            if fit:
                worker.wait_logged(event="working")
                assert worker.terminate() == 0
            else:
                assert worker.process.wait(120) == 1
    finally:
        worker.end()
    if not fit:
        assert worker.logged()[-1]["event"] == "the database's schema is too old for this worker"
