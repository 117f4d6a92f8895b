# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release of several services: its order, and what becomes of all when one is refused."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    RefusedError,
    RolledBackError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Lock

from tests.unit.plugins.module_utils._rollout.case import scaling
from tests.unit.plugins.module_utils._rollout.neighbours import LEAD, Street

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils._rollout.fakes import World

NAMES = ("worker", LEAD, "mailer")
ORDERS = [NAMES, ("worker", "mailer", LEAD), (LEAD, "worker", "mailer"), ("worker", LEAD), (LEAD, "worker")]
CRASHES = {"exits_after": 1.0}


@pytest.fixture
def street() -> Street:
    made = Street(*NAMES)
    made.push("1.0.0", "a")
    made.roll_out("1.0.0")
    made.calls.clear()
    return made


def assert_unlocked(street: Street) -> None:
    assert all(world.lock is None for world in street.worlds.values())


def every(street: Street, value: str) -> dict[str, str]:
    return dict.fromkeys(street.worlds, value)


@pytest.mark.parametrize("names", ORDERS)
def test_services_are_released_in_their_order_and_accepted_at_the_end(names: tuple[str, ...]) -> None:
    street = Street(*names)
    street.push("1.0.0", "a")
    results = street.roll_out("1.0.0")
    assert list(results) == list(names) or set(results) == set(names)
    assert street.runs() == every(street, "1.0.0")
    created = [call.partition(":")[0] for call in street.calls if call.endswith("create_service")]
    assert created == list(names)
    finishes = [place for place, call in enumerate(street.calls) if "finish" in call]
    assert finishes == list(range(len(street.calls) - len(names), len(street.calls)))
    assert {street.newest(name).services for name in names} == {names}
    assert len({street.newest(name).digest for name in names}) == 1
    assert_unlocked(street)


def test_second_run_changes_nothing(street: Street) -> None:
    results = street.roll_out("1.0.0")
    assert not any(result.changed for result in results.values())
    assert street.calls == []


def test_check_mode_writes_nothing_and_says_what_each_service_would_do(street: Street) -> None:
    street.push("1.1.0", "b")
    results = street.roll_out("1.1.0", check_mode=True)
    assert {name: result.action for name, result in results.items()} == every(street, "deploy")
    assert street.calls == []
    assert street.runs() == every(street, "1.0.0")


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(("names", "unfit"), [(names, unfit) for names in ORDERS for unfit in names])
def test_unfit_service_takes_those_before_it_back(names: tuple[str, ...], unfit: str, first: bool) -> None:
    street = Street(*names)
    if not first:
        street.push("1.0.0", "a")
        street.roll_out("1.0.0")
    street.push("1.1.0", "b", **{unfit: CRASHES})
    with pytest.raises(OperationError) as raised:
        street.roll_out("1.1.0")
    assert street.runs() == every(street, "" if first else "1.0.0")
    place = names.index(unfit)
    ended = "STOPPED" if first else "ROLLED_BACK"
    expected = {name: ended if names.index(name) <= place else ("" if first else "SUCCEEDED") for name in names}
    assert street.outcomes() == expected
    assert isinstance(raised.value, RolledBackError) is (not first)
    for name in names[:place]:
        assert f"{unfit}, of the same release, failed" in street.newest(name).reason
        assert f"of {name}" in raised.value.message
    undone = [call.partition(":")[0] for call in street.calls if "finish(" in call and "SUCCEEDED" not in call]
    assert undone == [unfit, *reversed(names[:place])]
    assert_unlocked(street)


def test_settings_of_a_service_are_put_back_with_the_others(street: Street) -> None:
    street.push("1.1.0", "b", mailer=CRASHES)
    before = street.worlds[LEAD].scaling
    # The service itself has the release already, and only its scaling differs.
    world = street.worlds["worker"]
    street.worlds["worker"].scaling = scaling(1, 3)
    options: dict[str, dict[str, Any]] = {"worker": {"scaling": scaling(1, 5)}}
    with pytest.raises(RolledBackError):
        street.roll_out("1.1.0", options=options)
    assert world.scaling == scaling(1, 3)
    assert street.worlds[LEAD].scaling == before
    assert street.runs() == every(street, "1.0.0")


def test_change_of_settings_alone_is_put_back_when_a_later_service_is_refused() -> None:
    street = Street("worker", LEAD)
    street.push("1.0.0", "a")
    first = {"worker": {"scaling": scaling(1, 3)}}
    street.roll_out("1.0.0", options=first)
    options: dict[str, dict[str, Any]] = {
        "worker": {"scaling": scaling(1, 9)},
        LEAD: {
            "document": {**street.request(LEAD, "1.0.0").document, "cpu": 2048, "memory": "4096"},
            "gates": tuple(
                replace(gate, running_version_may_fail=True) for gate in street.request(LEAD, "1.0.0").gates
            ),
        },
    }
    for digest, behaviour in street.worlds[LEAD].behaviours.items():
        street.worlds[LEAD].behaviours[digest] = replace(behaviour, exits_after=1.0)
    with pytest.raises(OperationError, match="settings of worker were put back, since inference"):
        street.roll_out("1.0.0", options=options)
    wanted = street.worlds["worker"].scaling
    assert wanted is not None
    assert wanted.maximum == 3
    assert street.worlds["worker"].kept is None


def test_what_stands_against_any_service_is_said_before_any_is_changed(street: Street) -> None:
    street.push("1.1.0", "b")
    street.worlds["worker"].platforms = frozenset({"linux/arm64"})
    street.worlds["mailer"].keys = frozenset()
    with pytest.raises(RefusedError) as raised:
        street.roll_out("1.1.0")
    assert "to worker was refused" in raised.value.message
    assert "to mailer was refused" in raised.value.message
    assert len(raised.value.details["problems"]) == 2
    assert street.calls == []


def test_version_that_does_not_exist_is_refused_for_every_service(street: Street) -> None:
    with pytest.raises(RefusedError, match="no image of repository"):
        street.roll_out("9.9.9")
    assert street.calls == []


@pytest.mark.parametrize("name", NAMES)
def test_lock_of_any_service_keeps_all_of_them(street: Street, name: str) -> None:
    street.push("1.1.0", "b")
    world = street.worlds[name]
    world.lock = Lock("somebody", "2026-01-01T00:00:00Z")

    def live() -> None:
        if world.lock and world.lock.owner == "somebody":
            world.lock = world.lock.renewed()
            world.at.append((world.seconds + 2, live))

    world.at.append((world.seconds + 2, live))
    with pytest.raises(RefusedError, match="somebody"):
        street.roll_out("1.1.0")
    assert street.runs() == every(street, "1.0.0")
    assert [world.lock for other, world in street.worlds.items() if other != name] == [None, None]


def test_rollback_goes_the_other_way_round_to_the_image_of_the_leading_service(street: Street) -> None:
    street.push("1.1.0", "b")
    street.roll_out("1.1.0")
    street.calls.clear()
    street.roll_out("", kind=ROLLBACK)
    assert street.runs() == every(street, "1.0.0")
    updated = [call.partition(":")[0] for call in street.calls if "update_service" in call]
    assert updated == list(reversed(NAMES))
    assert {street.newest(name).kind for name in NAMES} == {ROLLBACK}
    street.calls.clear()
    street.roll_out("", kind=ROLLBACK)
    assert street.calls == []


def test_rollback_leaves_a_service_that_never_ran_what_is_gone_back_to() -> None:
    street = Street(LEAD)
    street.push("1.0.0", "a")
    street.roll_out("1.0.0")
    both = Street(LEAD, "worker")
    both.worlds[LEAD].__dict__.update(
        {key: value for key, value in street.worlds[LEAD].__dict__.items() if key not in {"street", "calls"}}
    )
    both.worlds["worker"].images = list(street.worlds[LEAD].images)
    both.worlds["worker"].behaviours = dict(street.worlds[LEAD].behaviours)
    both.push("1.1.0", "b")
    both.roll_out("1.1.0")
    results = both.roll_out("", kind=ROLLBACK)
    assert both.runs() == {LEAD: "1.0.0", "worker": "1.1.0"}
    assert "worker never ran" in " ".join(results[LEAD].warnings)


def interrupt(world: World, seconds: float) -> None:
    def end() -> None:
        raise KeyboardInterrupt

    world.at.append((world.seconds + seconds, end))


def run_again(street: Street) -> FastbreakError | None:
    """How the next run ends, which waits until ECS has ended what the last one began on its way back."""
    failure: FastbreakError | None = None
    for _run in range(3):
        failure = None
        try:
            street.roll_out("1.1.0")
        except FastbreakError as error:
            failure = error
        if failure is None or "is IN_PROGRESS and is not ours" not in failure.message:
            break
        street.worlds["worker"].sleep(60)
    return failure


@pytest.mark.parametrize("seconds", range(1, 60, 9))
@pytest.mark.parametrize("unfit", ["", "worker", LEAD, "mailer"])
def test_run_that_is_ended_anywhere_is_taken_up_by_the_next(street: Street, seconds: int, unfit: str) -> None:
    street.push("1.1.0", "b", **({unfit: CRASHES} if unfit else {}))
    interrupt(street.worlds["worker"], seconds)
    with contextlib.suppress(KeyboardInterrupt, FastbreakError):
        street.roll_out("1.1.0")
    street.worlds["worker"].at.clear()
    assert_unlocked(street)
    failure = run_again(street)
    assert bool(failure) is bool(unfit)
    assert street.runs() == every(street, "1.0.0" if unfit else "1.1.0")
    if not unfit:
        assert street.outcomes() == every(street, "SUCCEEDED")
    assert not any(release.in_progress for world in street.worlds.values() for release in world.records.values())
    assert_unlocked(street)


def test_record_that_cannot_be_completed_undoes_nothing(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    street.push("1.1.0", "b")
    world = street.worlds["worker"]

    def broken(*_args: object) -> None:
        raise OperationError("the table is gone")

    monkeypatch.setattr(world, "finish", broken)
    with pytest.raises(OperationError, match="is in place and every gate is HEALTHY"):
        street.roll_out("1.1.0")
    assert street.runs() == every(street, "1.1.0")
    assert street.outcomes() == {"worker": "IN_PROGRESS", LEAD: "SUCCEEDED", "mailer": "SUCCEEDED"}
    monkeypatch.undo()
    street.roll_out("1.1.0")
    assert street.outcomes() == every(street, "SUCCEEDED")


def test_undo_that_fails_is_said_and_does_not_keep_the_others_from_theirs(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    street.push("1.1.0", "b", mailer=CRASHES)
    lead = street.worlds[LEAD]
    update = lead.update_service

    def refused(*args: Any, **kwargs: Any) -> Any:
        if "inference" in args and any(record.in_progress for record in street.worlds["mailer"].records.values()):
            raise OperationError("ECS said no")
        if street.outcomes()["mailer"] == "ROLLED_BACK":
            raise OperationError("ECS said no")
        return update(*args, **kwargs)

    monkeypatch.setattr(lead, "update_service", refused)
    with pytest.raises(OperationError, match="inference could not be undone") as raised:
        street.roll_out("1.1.0")
    assert not isinstance(raised.value, RolledBackError)
    assert street.runs() == {"worker": "1.0.0", LEAD: "1.1.0", "mailer": "1.0.0"}
    assert street.outcomes() == {"worker": "ROLLED_BACK", LEAD: "FAILED", "mailer": "ROLLED_BACK"}
