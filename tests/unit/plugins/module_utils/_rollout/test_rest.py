# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service of a release that falls while ECS holds another one of it: users go back at once, and so does all of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange

from tests.unit.plugins.module_utils._rollout.neighbours import LEAD
from tests.unit.plugins.module_utils._rollout.shifting_street import ShiftingStreet
from tests.unit.plugins.module_utils._rollout.test_aftermath import judge, left

BEFORE = [("worker", LEAD), ("worker", "mailer", LEAD), ("worker", LEAD, "mailer")]


def crash(street: ShiftingStreet, name: str = "worker") -> None:
    """From now on tasks of the release that runs there exit a second after they started."""
    world = street.worlds[name]
    for task in world.tasks:
        if task.behaviour.tag.startswith("1.1.0"):
            task.behaviour = replace(task.behaviour, exits_after=1.0)
    for digest, behaviour in world.behaviours.items():
        if behaviour.tag.startswith("1.1.0"):
            world.behaviours[digest] = replace(behaviour, exits_after=1.0)


def all_ended(street: ShiftingStreet) -> bool:
    return not any(release.in_progress for world in street.worlds.values() for release in world.records.values())


def undone_in_order(street: ShiftingStreet) -> list[str]:
    return [call.partition(":")[0] for call in street.calls if "finish(" in call]


@pytest.mark.parametrize("names", BEFORE)
@pytest.mark.parametrize("judges", [True, False])
def test_leading_service_that_waits_goes_back_first_when_another_is_found_unfit(
    names: tuple[str, ...], judges: bool
) -> None:
    street = left(*names, fallen=False)
    crash(street)
    began = street.lead.seconds
    with pytest.raises(FastbreakError) as raised:
        street.release("1.1.0", judge_only=judges)
    assert raised.value.details["result"] == "rolled_back"
    assert "of inference was rolled back: gate release is UNHEALTHY" in raised.value.message
    assert "of worker was rolled back" in raised.value.message
    assert street.runs() == dict.fromkeys(names, "1.0.0")
    assert all_ended(street)
    (told,) = [hook.answer for course in street.lead.courses.values() for hook in course.hooks][-1:]
    assert told == "ROLLBACK"
    assert street.lead.seconds - began < 120
    assert undone_in_order(street)[0] == LEAD
    assert all(world.lock is None for world in street.worlds.values())
    assert "no release of it is under way" in judge(street)


@pytest.mark.parametrize("names", [*BEFORE, (LEAD, "worker")])
def test_one_that_somebody_replaced_takes_the_release_back_and_is_left_alone(names: tuple[str, ...]) -> None:
    street = left(*names, fallen=False) if names[0] != LEAD else waiting_for_worker()
    worker = street.worlds["worker"]
    assert worker.service
    before = worker.history("worker")[1].task_definition_arn
    worker.update_service("fastbreak-dev", "worker", ServiceChange(worker.service.settings, (), before))
    worker.sleep(100)
    street.calls.clear()
    planned = street.release("1.1.0", judge_only=True, check_mode=True)
    assert planned["worker"].action == planned[LEAD].action == "withdraw"
    assert street.calls == []
    said = judge(street)
    assert said.startswith("superseded: ")
    assert "of inference was rolled back" in said
    assert street.runs() == dict.fromkeys(names, "1.0.0")
    assert "worker: update_service" not in street.calls
    assert all_ended(street)


def waiting_for_worker() -> ShiftingStreet:
    """A run has released the leading service, and was ended when it had begun the worker."""
    street = ShiftingStreet(LEAD, "worker")
    street.push("1.0.0", "a")
    street.release("1.0.0")
    street.push("1.1.0", "b")
    worker = street.worlds["worker"]

    def end() -> None:
        if worker.deployments[-1].state is DeploymentState.IN_PROGRESS and len(worker.deployments) > 1:
            raise KeyboardInterrupt
        worker.at.append((worker.seconds + 1, end))

    worker.at.append((worker.seconds + 1, end))
    with pytest.raises((KeyboardInterrupt, FastbreakError)):
        street.release("1.1.0")
    worker.at.clear()
    assert street.outcomes() == {LEAD: "IN_PROGRESS", "worker": "IN_PROGRESS"}
    street.told.notices.clear()
    street.calls.clear()
    return street


def test_refusal_beforehand_leaves_what_waits_where_it_is() -> None:
    street = left("worker", LEAD, "mailer", fallen=False)
    street.worlds["mailer"].platforms = frozenset({"linux/arm64"})
    assert judge(street).startswith("refused: ")
    assert street.outcomes() == {"worker": "IN_PROGRESS", LEAD: "IN_PROGRESS", "mailer": "SUCCEEDED"}
    assert street.calls == []


@pytest.mark.parametrize("names", [("worker", LEAD), ("worker", LEAD, "mailer")])
def test_a_worker_that_stays_well_changes_nothing(names: tuple[str, ...]) -> None:
    street = left(*names, fallen=False)
    results = street.release("1.1.0", judge_only=True)
    assert {result.result.value for result in results.values()} == {"accepted"}
    assert set(street.runs().values()) == {"1.1.0"}
