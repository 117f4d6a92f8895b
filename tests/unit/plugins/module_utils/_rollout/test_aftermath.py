# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release of several services whose leading one ECS ended: judging it closes it and undoes the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange

from tests.unit.plugins.module_utils._rollout.killed import Killed
from tests.unit.plugins.module_utils._rollout.neighbours import LEAD
from tests.unit.plugins.module_utils._rollout.shifting_street import ShiftingStreet

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils._rollout.fakes import World


def left(*names: str, fallen: bool = True) -> ShiftingStreet:
    """The services of *names*, whose release 1.1.0 waits for a run to judge it; if *fallen*, ECS has ended it."""
    street = ShiftingStreet(*names)
    street.push("1.0.0", "a")
    street.release("1.0.0")
    street.push("1.1.0", "b")
    street.told.notices.clear()
    results = street.release("1.1.0", wait_until="paused")
    before = names[: names.index(LEAD)]
    assert {name: result.result.value for name, result in results.items()} == {
        **dict.fromkeys(before, "left_open"),
        LEAD: "handed_over",
    }
    assert sorted(street.told.states) == sorted(
        ["begun"] * (len(before) + 1) + ["handed_over"] + ["left_open"] * len(before)
    )
    for _ in range(500 if fallen else 0):
        if street.lead.deployments[-1].state is DeploymentState.ROLLED_BACK:
            break
        street.lead.sleep(1)
    street.told.notices.clear()
    street.calls.clear()
    return street


def judge(street: ShiftingStreet, **other: Any) -> str:
    """How a run ends that judges the release."""
    with pytest.raises(FastbreakError) as raised:
        street.release("1.1.0", judge_only=True, **other)
    return f"{raised.value.details.get('result', 'refused')}: {raised.value.message}"


def amend(world: World, **attributes: Any) -> None:
    """The newest record of a service says something else, as a version before did or another clock would."""
    key = max(world.records)
    world.records[key] = replace(world.records[key], **attributes)


def kill(*_args: Any, **_kwargs: Any) -> None:
    raise Killed


def refuse(*_args: Any, **_kwargs: Any) -> None:
    raise UnavailableError("Throttling: Rate exceeded")


@pytest.mark.parametrize(
    "names", [("worker", LEAD), ("worker", "mailer", LEAD), (LEAD, "worker"), ("worker", LEAD, "mailer")]
)
def test_others_that_were_brought_to_it_are_undone_and_none_is_begun(names: tuple[str, ...]) -> None:
    street = left(*names)
    planned = street.release("1.1.0", judge_only=True, check_mode=True)
    before = names[: names.index(LEAD)]
    assert set(planned) == {LEAD}
    assert len(planned[LEAD].warnings) >= len(before)
    assert all(f"{name}, of the same release, is undone too" in planned[LEAD].warnings for name in before)
    assert street.calls == []
    said = judge(street)
    assert said.startswith("rolled_back: ")
    assert all(f"of {name} was rolled back" in said for name in before)
    assert street.runs() == dict.fromkeys(names, "1.0.0")
    assert street.outcomes() == {name: "ROLLED_BACK" if name in (*before, LEAD) else "SUCCEEDED" for name in names}
    assert street.told.states == ["refused", "rolled_back"] * (len(before) + 1)
    assert all(world.lock is None for world in street.worlds.values())
    assert "no release of it is under way" in judge(street)


def test_what_stands_against_a_release_of_another_does_not_keep_it_open() -> None:
    street = left(LEAD, "worker")
    street.worlds["worker"].platforms = frozenset({"linux/arm64"})
    assert judge(street).startswith("rolled_back: ")
    assert street.outcomes() == {LEAD: "ROLLED_BACK", "worker": "SUCCEEDED"}


@pytest.mark.parametrize(
    ("service", "call"),
    [("worker", "update_service"), ("worker", "finish"), (LEAD, "finish"), ("worker", "write_lock")],
)
def test_a_run_that_is_killed_while_it_closes_is_followed_by_one_that_does(
    service: str, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    street = left("worker", LEAD)
    monkeypatch.setattr(street.worlds[service], call, kill)
    with pytest.raises(Killed):
        street.release("1.1.0", judge_only=True)
    monkeypatch.undo()
    street.lead.sleep(300)
    for world in street.worlds.values():
        world.lock = None
    assert street.outcomes()["worker"] == "IN_PROGRESS"
    planned = street.release("1.1.0", judge_only=True, check_mode=True)
    assert (planned[LEAD].result.value, planned[LEAD].action) == ("planned", "withdraw")
    assert "worker, of the same release, is undone too" in planned[LEAD].warnings
    said = judge(street)
    assert street.runs() == {"worker": "1.0.0", LEAD: "1.0.0"}
    assert not any(release.in_progress for world in street.worlds.values() for release in world.records.values())
    assert said.startswith("rolled_back: ") or call == "finish"
    assert "no release of it is under way" in judge(street)


def test_one_that_somebody_brought_back_meanwhile_is_left_there() -> None:
    street = left("worker", LEAD)
    worker = street.worlds["worker"]
    before = street.worlds["worker"].history("worker")[1].task_definition_arn
    assert worker.service
    worker.update_service("fastbreak-dev", "worker", ServiceChange(worker.service.settings, (), before))
    worker.sleep(100)
    street.calls.clear()
    said = judge(street)
    assert street.runs() == {"worker": "1.0.0", LEAD: "1.0.0"}
    assert "worker: update_service" not in street.calls
    assert not any(release.in_progress for world in street.worlds.values() for release in world.records.values()), said


def test_one_that_cannot_be_undone_is_said_and_stays_open_for_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    street = left("worker", LEAD)
    monkeypatch.setattr(street.worlds["worker"], "describe_service", refuse)
    said = judge(street)
    assert said.startswith("rollback_failed: ")
    assert "worker could not be undone: Throttling" in said
    monkeypatch.undo()
    assert judge(street).startswith("rolled_back: ")
    assert street.runs() == {"worker": "1.0.0", LEAD: "1.0.0"}


def test_a_release_that_goes_on_is_judged_with_all_of_its_services() -> None:
    street = left("worker", LEAD, "mailer", fallen=False)
    results = street.release("1.1.0", judge_only=True)
    assert {result.result.value for result in results.values()} == {"accepted"}
    assert set(street.runs().values()) == {"1.1.0"}


@pytest.mark.parametrize("names", [(LEAD, "worker"), (LEAD, "worker", "mailer"), (LEAD, "mailer", "worker")])
@pytest.mark.parametrize("mended", [True, False])
@pytest.mark.parametrize("says", [True, False])
def test_one_that_was_refused_before_the_run_was_killed_is_not_begun_anew(
    names: tuple[str, ...], mended: bool, says: bool
) -> None:
    street = ShiftingStreet(*names)
    street.push("1.0.0", "a")
    street.release("1.0.0")
    street.push("1.1.0", "b", worker={"exits_after": 1.0})
    worker = street.worlds["worker"]
    finish = worker.finish

    def end(*args: Any, **kwargs: Any) -> None:
        finish(*args, **kwargs)
        raise Killed

    worker.finish = end  # type: ignore[method-assign]
    with pytest.raises(Killed):
        street.release("1.1.0")
    worker.finish = finish  # type: ignore[method-assign]
    if says:
        # Clocks of controllers are hours apart.
        amend(worker, finished_at="2020-01-01T00:00:00.000Z")
    else:
        amend(street.lead, ended_before={})
    for world in street.worlds.values():
        world.lock = None
    for digest, behaviour in worker.behaviours.items():
        worker.behaviours[digest] = replace(behaviour, exits_after=None if mended else behaviour.exits_after)
    street.calls.clear()
    planned = street.release("1.1.0", judge_only=True, check_mode=True)
    assert planned[LEAD].action == "withdraw"
    assert any("worker, of the same release, has ended" in warning for warning in planned[LEAD].warnings)
    assert street.calls == []
    said = judge(street)
    assert said.startswith("rolled_back: ")
    assert "of inference was rolled back" in said
    assert street.runs() == dict.fromkeys(names, "1.0.0")
    assert not any(call.startswith("worker: update_service") for call in street.calls)
    assert not any(each.in_progress for world in street.worlds.values() for each in world.records.values())
    assert "no release of it is under way" in judge(street)


@pytest.mark.parametrize("says", [True, False])
def test_one_that_was_refused_in_an_attempt_before_is_begun_with_the_next(says: bool) -> None:
    street = ShiftingStreet("worker", LEAD, "mailer")
    street.push("1.0.0", "a")
    street.release("1.0.0")
    street.push("1.1.0", "b", mailer={"exits_after": 1.0})
    with pytest.raises(FastbreakError):
        street.release("1.1.0")
    mailer = street.worlds["mailer"]
    for digest, behaviour in mailer.behaviours.items():
        mailer.behaviours[digest] = replace(behaviour, exits_after=None)
    if says:
        amend(mailer, finished_at="2099-01-01T00:00:00.000Z")
    street.lead.sleep(60)
    street.release("1.1.0", wait_until="paused")
    if not says:
        amend(street.lead, ended_before={})
    results = street.release("1.1.0", judge_only=True)
    assert {result.result.value for result in results.values()} == {"accepted"}
