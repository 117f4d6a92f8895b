# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service of a release that falls while ECS holds another one of it: users go back at once, and so does all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange

from tests.unit.plugins.module_utils._rollout.case import deploy
from tests.unit.plugins.module_utils._rollout.killed import Killed
from tests.unit.plugins.module_utils._rollout.neighbours import LEAD, Street, ports
from tests.unit.plugins.module_utils._rollout.shifting_street import ShiftingStreet
from tests.unit.plugins.module_utils._rollout.test_aftermath import judge, kill, left, refuse

BEFORE = [("worker", LEAD), ("worker", "mailer", LEAD), ("worker", LEAD, "mailer")]


def crash(street: Street, name: str = "worker") -> None:
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


def unaccepted(*names: str) -> Street:
    """The services of *names* run 1.1.0 and are fit; the run was killed before it accepted that."""
    street = Street(*names)
    street.push("1.0.0", "a")
    street.roll_out("1.0.0")
    street.push("1.1.0", "b")
    end_run(street, "finish", *names)
    assert set(street.outcomes().values()) == {"IN_PROGRESS"}
    return street


def end_run(street: Street, call: str, *names: str) -> None:
    """A run that releases 1.1.0 is killed at the first such call of one of *names*."""
    calls = {name: getattr(street.worlds[name], call) for name in names}
    for name in names:
        setattr(street.worlds[name], call, kill)
    with pytest.raises(Killed):
        street.roll_out("1.1.0")
    for name, before in calls.items():
        setattr(street.worlds[name], call, before)
    for world in street.worlds.values():
        world.lock = None


@pytest.mark.parametrize("names", [("worker", LEAD), (LEAD, "worker", "mailer")])
def test_later_one_that_is_asked_for_otherwise_by_now_is_undone_too(names: tuple[str, ...]) -> None:
    street = unaccepted(*names)
    crash(street)
    otherwise = {"document": {**street.request(names[-1], "1.1.0").document, "cpu": 2048, "memory": "4096"}}
    with pytest.raises(RolledBackError, match=f"of {names[-1]} was rolled back"):
        street.roll_out("1.1.0", options={names[-1]: otherwise})
    assert street.runs() == dict.fromkeys(names, "1.0.0")
    assert street.outcomes() == dict.fromkeys(names, "ROLLED_BACK")


def test_later_one_that_somebody_replaced_is_left_there() -> None:
    street = unaccepted("worker", LEAD)
    crash(street)
    lead = street.worlds[LEAD]
    assert lead.service
    before = lead.history(LEAD)[1].task_definition_arn
    lead.update_service("fastbreak-dev", LEAD, ServiceChange(lead.service.settings, (), before))
    lead.sleep(100)
    with pytest.raises(FastbreakError) as raised:
        street.roll_out("1.1.0")
    assert street.runs() == {"worker": "1.0.0", LEAD: "1.0.0"}
    assert raised.value.details["result"] == "rolled_back"
    assert street.outcomes()[LEAD] == "SUPERSEDED"


@pytest.mark.parametrize("names", [("worker", LEAD), (LEAD, "worker")])
@pytest.mark.parametrize("judges", [True, False])
def test_later_one_that_ecs_never_began_is_back(names: tuple[str, ...], judges: bool) -> None:
    street = Street(*names)
    street.push("1.0.0", "a")
    street.roll_out("1.0.0")
    street.push("1.1.0", "b")
    end_run(street, "update_service", names[-1])
    crash(street, names[0])
    with pytest.raises(RolledBackError) as raised:
        street.roll_out("1.1.0", judge_only=judges)
    assert "could not be undone" not in raised.value.message
    assert f"of {names[-1]} was interrupted before ECS began a deployment of it" in raised.value.message
    if names[-1] != LEAD:
        assert "Deploy it anew" not in raised.value.message
    assert street.runs() == dict.fromkeys(names, "1.0.0")


@pytest.mark.parametrize("names", [("worker", LEAD), (LEAD, "worker")])
@pytest.mark.parametrize("unfit", ["worker", LEAD])
def test_records_of_the_others_are_asked_for_before_anything_is_judged(names: tuple[str, ...], unfit: str) -> None:
    street = Street(*names)
    street.push("1.0.0", "a")
    street.roll_out("1.0.0")
    street.push("1.1.0", "b", **{unfit: {"exits_after": 1.0}})
    other = street.worlds[next(name for name in names if name != unfit)]
    update, history = street.worlds[unfit].update_service, other.history

    def change(*args: Any, **kwargs: Any) -> Any:
        other.history = refuse  # type: ignore[assignment]
        return update(*args, **kwargs)

    street.worlds[unfit].update_service = change  # type: ignore[method-assign]
    with pytest.raises(FastbreakError) as raised:
        street.roll_out("1.1.0")
    other.history = history  # type: ignore[method-assign]
    assert raised.value.details["result"] == "rolled_back"
    assert street.runs() == dict.fromkeys(names, "1.0.0")


def test_users_do_not_wait_for_the_undo_of_a_later_one_that_has_none() -> None:
    street = unaccepted(LEAD, "worker")
    crash(street, LEAD)
    street.calls.clear()
    with pytest.raises(RolledBackError, match="of worker was rolled back"):
        street.roll_out("1.1.0")
    assert [call.partition(":")[0] for call in street.calls if "finish(" in call] == [LEAD, "worker"]


def test_earlier_one_that_a_killed_run_refused_takes_the_release_back() -> None:
    street = unaccepted("worker", LEAD)
    crash(street)
    worker = street.worlds["worker"]
    finish = worker.finish

    def end(*args: Any, **kwargs: Any) -> None:
        finish(*args, **kwargs)
        raise Killed

    worker.finish = end  # type: ignore[method-assign]
    with pytest.raises(Killed):
        street.roll_out("1.1.0", judge_only=True)
    worker.finish = finish  # type: ignore[method-assign]
    for world in street.worlds.values():
        world.lock = None
    assert street.outcomes() == {"worker": "ROLLED_BACK", LEAD: "IN_PROGRESS"}
    with pytest.raises(RolledBackError, match="of inference was rolled back"):
        street.roll_out("1.1.0", judge_only=True)
    assert street.runs() == {"worker": "1.0.0", LEAD: "1.0.0"}


def test_later_one_that_is_at_another_release_that_nobody_judged_is_left_and_told() -> None:
    street = unaccepted("worker", LEAD)
    lead = street.worlds[LEAD]
    street.push("1.2.0", "c")
    finish, lead.finish = lead.finish, kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        deploy(ports(lead), "1.2.0")
    lead.finish, lead.lock = finish, None  # type: ignore[method-assign]
    crash(street)
    with pytest.raises(FastbreakError, match=r"inference could not be undone: .* does not run it") as raised:
        street.roll_out("1.1.0")
    assert raised.value.details["result"] == "rollback_failed"
    assert street.runs() == {"worker": "1.0.0", LEAD: "1.2.0"}
