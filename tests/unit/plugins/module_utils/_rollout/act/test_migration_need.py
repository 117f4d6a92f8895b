# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A migration does not run where the database itself says that it has run this very one; in every doubt it does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError, OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.migration_need import mark_of
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Migration, Skipping
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.run import roll_out
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.requests import Aim
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer

from tests.unit.plugins.module_utils._rollout.case import deploy, document, make_request, newest

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

LABEL = "com.example.migration"
URL = "http://fastbreak.internal/readyz"
MIGRATION = Migration("service", ("migrate",), skipping=Skipping(LABEL, "MARK", Aim(URL, ())))


class Database:
    """What keeps the mark of the last migration, and what runs and tells it."""

    def __init__(self, world: World) -> None:
        self._world, self._request = world, world.request
        self.answer: dict[str, Any] | Answer | None = None
        self.restored = False
        world.request = self.request  # type: ignore[method-assign]

    @property
    def mark(self) -> str:
        return dict(self._world.once[-1].environment).get("MARK", "") if self._world.once and not self.restored else ""

    def request(self, method: str, url: str, **options: Any) -> Answer:
        asked = parse_qs(urlsplit(url).query).get("asked")
        if not asked:
            return self._request(method, url, **options)
        if isinstance(self.answer, Answer):
            return self.answer
        told = {"asked": asked[0], "schema": "0017", "migration": self.mark, **(self.answer or {})}
        return Answer(200, version="1.0.0-a", body=json.dumps(told).encode())


@pytest.fixture
def database(world: World, ports: Ports) -> Database:
    """A service that was released, and with it a database that was migrated."""
    found = Database(world)
    world.labels = {LABEL: "first"}
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", migration=MIGRATION)
    world.push("1.1.0", "b")
    assert migrations(world) == 1
    assert newest(world).migration == "runs: nothing was released here before"
    return found


def migrations(world: World) -> int:
    return len([call for call in world.calls if call.startswith("run_task")])


def test_the_same_migration_does_not_run_again(world: World, ports: Ports, database: Database) -> None:
    assert len(database.mark) == 64
    planned = roll_out(make_request("1.1.0", migration=MIGRATION), ports, check_mode=True)
    said = (
        "not needed: the database is at schema 0017, as 1.0.0-a has just read from it, after this very migration with "
        "these settings"
    )
    assert planned.plan.after["migration"] == said
    result = deploy(ports, "1.1.0", migration=MIGRATION)
    assert migrations(world) == 1
    assert (result.plan.after["migration"], newest(world).migration, newest(world).outcome) == (
        *(said, said),
        Outcome.SUCCEEDED,
    )


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(503), "it answered 503"),
        (Answer(0, problem="connection refused", unreachable=True), "connection refused"),
        (Answer(200, body=b"<html>"), "does not say"),
        (Answer(200, body=b"[]"), "does not say"),
        (Answer(200, body=b"[" * (1 << 14)), "does not say"),
        # As a cache would, or whoever remembers.
        ({"asked": "0123"}, "is one of before"),
        ({"migration": ""}, "without the mark of a whole migration"),
        ({"migration": None}, "without the mark of a whole migration"),
        ({"migration": "f" * 64}, "after another migration or with other settings"),
        ({"migration": ["f"]}, "after another migration"),
    ],
)
def test_it_runs_when_what_runs_does_not_say_so(
    world: World, ports: Ports, database: Database, answer: Any, why: str
) -> None:
    database.answer = answer
    deploy(ports, "1.1.0", migration=MIGRATION)
    assert migrations(world) == 2
    assert newest(world).migration.startswith("runs: ")
    assert why in newest(world).migration


def test_it_runs_for_a_database_that_was_restored(world: World, ports: Ports, database: Database) -> None:
    database.restored = True
    deploy(ports, "1.1.0", migration=MIGRATION)
    assert migrations(world) == 2


@pytest.mark.parametrize("labels", [{LABEL: "second"}, {LABEL: ""}, {}])
def test_it_runs_for_an_image_that_migrates_otherwise_or_does_not_say(
    world: World, ports: Ports, database: Database, labels: dict[str, str]
) -> None:
    assert database.mark
    world.labels = labels
    deploy(ports, "1.1.0", migration=MIGRATION)
    assert migrations(world) == 2


def test_it_runs_where_the_image_cannot_be_asked(
    world: World, ports: Ports, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.mark

    def fail(*_given: Any) -> Any:
        raise OperationError("no answer")

    monkeypatch.setattr(world, "image_labels", fail)
    deploy(ports, "1.1.0", migration=MIGRATION)
    assert migrations(world) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"migration": replace(MIGRATION, command=("migrate", "--all"))},
        {"migration": replace(MIGRATION, environment=(("CONNECTIONS", "20"),))},
        {"migration": replace(MIGRATION, task_role_arn="arn:aws:iam::111111111111:role/other")},
        {"document": document(DATABASE_HOST="another")},
        {"migration": replace(MIGRATION, skipping=None)},
    ],
)
def test_it_runs_with_other_settings(world: World, ports: Ports, database: Database, changed: dict[str, Any]) -> None:
    assert database.mark
    deploy(ports, "1.1.0", **{"migration": MIGRATION, **changed})
    assert migrations(world) == 2


def test_it_runs_after_a_release_that_was_refused(world: World, ports: Ports, database: Database) -> None:
    """What ended ill may have left more undone than a database tells; so whoever tries again is not left with it."""
    assert database.mark
    world.push("1.1.0", "b", status=500)
    with pytest.raises(FastbreakError, match="rolled back"):
        deploy(ports, "1.1.0", migration=MIGRATION)
    assert migrations(world) == 1
    world.push("1.2.0", "c")
    deploy(ports, "1.2.0", migration=MIGRATION)
    assert migrations(world) == 2
    assert "ended ROLLED_BACK" in newest(world).migration


def refuse(world: World, ports: Ports, version: str, digit: str) -> None:
    world.push(version, digit, status=500)
    with pytest.raises(FastbreakError, match="rolled back"):
        deploy(ports, version, migration=MIGRATION)


def test_what_migrates_nothing_does_not_end_the_doubt(world: World, ports: Ports, database: Database) -> None:
    """What runs is started anew after a release that was refused, is gone back behind, and gone back to."""
    deploy(ports, "1.1.0", migration=MIGRATION)
    assert newest(world).migration.startswith("not needed: ")
    refuse(world, ports, "1.2.0", "c")
    deploy(ports, "1.1.0", migration=MIGRATION, force_new_deployment=True)
    assert (newest(world).outcome, newest(world).migration) == (Outcome.SUCCEEDED, "")
    deploy(ports, "", kind=ROLLBACK, document=None, migration=MIGRATION)
    assert (newest(world).kind, newest(world).outcome, newest(world).migration) == (ROLLBACK, Outcome.SUCCEEDED, "")
    assert (migrations(world), bool(database.mark)) == (1, True)
    world.push("1.3.0", "d")
    deploy(ports, "1.3.0", migration=MIGRATION)
    assert migrations(world) == 2
    assert "a release before, of 1.2.0-" in newest(world).migration
    # That was accepted, and it did migrate.
    world.push("1.4.0", "e")
    deploy(ports, "1.4.0", migration=MIGRATION)
    assert migrations(world) == 2


def test_a_rollback_after_a_good_release_makes_no_doubt(world: World, ports: Ports, database: Database) -> None:
    assert database.mark
    deploy(ports, "1.1.0", migration=MIGRATION)
    deploy(ports, "", kind=ROLLBACK, document=None, migration=MIGRATION)
    deploy(ports, "1.1.0", migration=MIGRATION)
    assert migrations(world) == 1


@pytest.mark.parametrize("always", [False, True])
def test_it_runs_after_an_image_that_knows_no_marks(
    world: World, ports: Ports, database: Database, monkeypatch: pytest.MonkeyPatch, always: bool
) -> None:
    """Its migration gives its own rights, and leaves the mark that it finds."""
    mark = database.mark
    labels = {"d" * 64: {}, "b" * 64: {LABEL: "first"}}
    monkeypatch.setattr(world, "image_labels", lambda _repository, digest: labels[digest.removeprefix("sha256:")])
    world.push("0.9.0", "d")
    deploy(ports, "0.9.0", migration=replace(MIGRATION, skipping=None) if always else MIGRATION)
    assert (migrations(world), newest(world).migration.startswith("runs: ")) == (2, True)
    database.answer = {"migration": mark}
    deploy(ports, "1.1.0", migration=MIGRATION)
    assert migrations(world) == 3
    assert "the image of 0.9.0-" in newest(world).migration


def test_it_runs_where_no_record_says_that_anything_migrated(world: World, ports: Ports, database: Database) -> None:
    """As in the records of before it was recorded."""
    assert database.mark
    world.records = {key: replace(record, migration="") for key, record in world.records.items()}
    deploy(ports, "1.1.0", migration=MIGRATION)
    assert migrations(world) == 2


@pytest.mark.parametrize(("told", "shown"), [("0017", "0017"), ("x" * 65, "unknown"), (["0017"], "unknown")])
def test_a_schema_is_recorded_where_it_looks_like_one(
    world: World, ports: Ports, database: Database, told: Any, shown: str
) -> None:
    database.answer = {"schema": told}
    deploy(ports, "1.1.0", migration=MIGRATION)
    assert newest(world).migration.startswith(f"not needed: the database is at schema {shown}, as 1.0.0-a ")


def test_a_mark_tells_nothing_and_stands_for_each_part_of_it() -> None:
    told = document(PASSWORD="s3cret", HOST="db")
    turned = document(HOST="db", PASSWORD="s3cret")
    mark = mark_of(b"k" * 32, MIGRATION, "first", told)
    assert mark == mark_of(b"k" * 32, MIGRATION, "first", turned)
    assert mark != mark_of(b"K" * 32, MIGRATION, "first", told)
    assert mark != mark_of(b"k" * 32, MIGRATION, "second", told)
    assert "s3cret" not in mark


def test_what_a_headers_value_holds_is_not_shown(world: World, ports: Ports, database: Database) -> None:
    skipping = replace(MIGRATION.skipping, aim=Aim(URL, (("X-Tenant", "of-hawks"),)))  # type: ignore[type-var]
    database.answer = Answer(0, problem="no route for of-hawks")
    deploy(ports, "1.1.0", migration=replace(MIGRATION, skipping=skipping))
    assert "no route for" in newest(world).migration
    assert "of-hawks" not in newest(world).migration
