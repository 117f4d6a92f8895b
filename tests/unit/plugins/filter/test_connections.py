# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits of connections are held against the tasks that run while a release is under way."""

import re
from pathlib import Path

import pytest
from ansible_collections.fastbreak.aws.plugins.filter import connections

ROOT = Path(__file__).parents[4]
SERVICE = {"tasks_maximum": 4, "strategy": "CANARY", "maximum_percent": 100, "scheduled_actions": []}
WORKER = {
    "name": "worker",
    "tasks_minimum": 0,
    "tasks_maximum": 4,
    "environment_outputs": {"FASTBREAK_DATABASE_SECRET": "WorkerDatabaseSecretArn"},
}


def problem(limits, service=SERVICE, companions=(WORKER,)):
    return connections.connections_problem(limits, service, list(companions))


@pytest.mark.parametrize(
    ("limits", "service"),
    [
        ({}, SERVICE),
        ({"api": None, "worker": None}, SERVICE),
        ({"api": 40, "worker": 24}, SERVICE),
        ({"api": 30}, {**SERVICE, "strategy": "ROLLING", "maximum_percent": 150}),
    ],
)
def test_what_has_room_is_no_problem(limits, service):
    assert problem(limits, service) == ""


@pytest.mark.parametrize(
    ("limits", "more", "said"),
    [
        (
            {"api": 39},
            {},
            "api is 39, and while a release is under way up to 40 are needed: 5 for each task, 8 of the",
        ),
        ({"api": 40}, {"scheduled_actions": [{"maximum": 5}]}, "api is 40, and while a release is under way up to 50"),
        ({"api": 29}, {"strategy": "ROLLING", "maximum_percent": 150}, "up to 30 are needed"),
        (
            {"worker": 23},
            {},
            "worker is 23, and while a release is under way up to 24 are needed: 3 for each task, 8 of",
        ),
    ],
)
def test_a_limit_that_a_release_would_meet_is_said(limits, more, said):
    assert said in problem(limits, {**SERVICE, **more})


def test_a_companion_without_the_workers_secret_is_the_apis_user():
    assert "2 of companion other (tasks_maximum 1" in problem({"api": 40}, companions=[WORKER, {"name": "other"}])


@pytest.mark.parametrize("value", ["four", None, [], {}, [5], {"a": 1}, True, 1.5, "", 0])
@pytest.mark.parametrize(
    "key", ["name", "tasks_minimum", "tasks_maximum", "environment_outputs", "scheduled_actions", "maximum"]
)
def test_what_is_badly_written_is_left_to_who_reads_the_companions(key, value):
    other = {"scheduled_actions": [{"maximum": value}]} if key == "maximum" else {key: value}
    assert isinstance(problem({"api": 4000, "worker": 4000}, companions=[{**WORKER, **other}]), str)
    assert isinstance(problem({"api": 4000}, {**SERVICE, **other, "strategy": "ROLLING"}), str)
    assert connections.connections_problem({"api": 40}, SERVICE, value) == ""


@pytest.mark.parametrize("limits", [5, None, {"api": 0}, {"api": "40"}, {"api": True}, {"workers": 5}, {"api": 1.5}])
def test_what_is_not_understood_is_refused(limits):
    assert re.match(r"ecs_rollout_database_connections (is|has) ", problem(limits))


def test_a_task_has_as_many_as_its_pool():
    source = (ROOT / "service/src/fastbreak_service/store/engine.py").read_text(encoding="utf-8")
    sizes = re.search(r"^POOL_SIZE, WORKER_POOL_SIZE = (\d+), (\d+)$", source, re.MULTILINE)
    assert [*map(int, sizes.groups())] == [*connections._EACH.values()]
