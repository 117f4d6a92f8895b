# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read before anything is planned, and what is refused then. Reading writes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.differences import Action
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.read import Facts, read
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released, scaling

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def facts(ports: Ports, version: str = "1.0.0", **other: object) -> Facts:
    return read(Session(make_request(version, **other), ports))


def test_of_an_empty_cluster_there_is_nothing_but_the_plan(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    found = facts(ports)
    assert (found.found.service, found.found.running, found.found.latest, found.history) == (None, None, None, ())
    assert (found.interrupted, found.moving, found.running_arn) == ((), None, "")
    assert found.plan.action is Action.CREATE
    assert world.calls == []


def test_what_runs_is_read_with_its_revision_and_its_verdict(world: World, ports: Ports) -> None:
    released(world, ports)
    found = facts(ports)
    assert found.found.service
    assert found.found.running
    assert found.found.running.arn == found.running_arn == found.found.service.task_definition_arn
    assert found.found.judged
    assert not found.plan.changed
    assert world.calls == []


def test_scaling_is_looked_at_only_when_it_is_asked_for(world: World, ports: Ports) -> None:
    released(world, ports)
    assert facts(ports, scaling=scaling(2, 6)).found.scaling
    assert facts(ports, scaling=None).found.scaling is None


def test_a_release_that_nobody_said_the_end_of_is_interrupted_and_nothing_is_judged(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0")
    world.start(replace(newest(world), release_id="R#9", outcome=Outcome.IN_PROGRESS))
    found = facts(ports, "1.1.0")
    assert len(found.interrupted) == 1
    assert not found.found.judged


@pytest.mark.parametrize("status", ["", "INACTIVE", "PROVISIONING"])
def test_a_cluster_that_is_not_there_is_refused_in_its_words(
    world: World, ports: Ports, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    world.push("1.0.0", "a")
    monkeypatch.setattr(type(world), "cluster_status", lambda _self, _cluster: status)
    with pytest.raises(RefusedError, match=f"{status or 'does not exist'}, where ACTIVE is needed"):
        facts(ports)


def test_a_table_that_cannot_hold_releases_is_refused(
    world: World, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(world), "table_problem", lambda _self: "table x has other keys.")
    with pytest.raises(RefusedError, match=r"was refused: table x has other keys\. Nothing was changed"):
        facts(ports)


def test_revisions_are_listed_only_for_who_keeps_a_number_of_them(
    world: World, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    asked: list[str] = []
    listing = type(world).list_task_definitions

    def listed(self: World, family: str) -> object:
        asked.append(family)
        return listing(self, family)

    monkeypatch.setattr(type(world), "list_task_definitions", listed)
    facts(ports, "1.1.0")
    assert asked == []
    facts(ports, "1.1.0", keep_revisions=1)
    assert asked == ["fastbreak-dev-inference"]
