# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removing a service with what a rollout made around it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import KeptSnapshot, Lock, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.fingerprint import Disclosure
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.remove import removal_data, remove

from tests.unit.plugins.module_utils._rollout.case import deploy, document, make_request, released, scaling
from tests.unit.plugins.module_utils._rollout.killed import kill_after

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_removal_takes_everything_but_the_record(world: World, ports: Ports) -> None:
    released(world, ports)
    predicted = remove(make_request(""), ports, check_mode=True)
    assert predicted.changed
    assert world.calls == []
    done = remove(make_request(""), ports, check_mode=False)
    assert done == predicted
    assert removal_data(done, make_request("").disclosure)["diff"]["before"]["task_definitions"]
    assert (world.service, world.rules, world.scaling) == (None, {}, None)
    assert list(world.list_task_definitions("fastbreak-dev-inference")) == []
    assert len(world.records) == 1
    assert world.lock is None
    again = remove(make_request(""), ports, check_mode=False)
    assert removal_data(again, make_request("").disclosure) == {
        "changed": False,
        "action": "remove",
        "result": "unchanged",
        "diff": {},
    }


@pytest.mark.parametrize("check_mode", [False, True])
def test_removal_is_refused_while_a_rollout_is_under_way(world: World, ports: Ports, check_mode: bool) -> None:
    released(world, ports)
    world.lock = Lock("other", "now")
    world.at.append((world.seconds + 10, lambda: setattr(world, "lock", world.lock.renewed())))
    with pytest.raises(RefusedError, match="other"):
        remove(make_request(""), ports, check_mode=check_mode)
    assert world.calls == []


def test_removal_works_without_cluster_and_table(world: World, ports: Ports) -> None:
    world.cluster = ""
    world.missing.add("table")
    assert not remove(make_request(""), ports, check_mode=False).changed


def test_what_bears_other_tags_or_none_is_left_and_said(world: World, ports: Ports) -> None:
    released(world, ports)
    ((place, rule),) = world.rules.items()
    world.rules[place] = replace(rule, tags=frozenset())
    (arn,) = world.list_task_definitions("fastbreak-dev-inference")
    world.definition_tags[arn] = {"fastbreak:service": "other", "fastbreak:cluster": "fastbreak-dev"}
    done = remove(make_request(""), ports, check_mode=False)
    assert (done.rules, done.task_definitions) == ((), ())
    assert list(world.rules) == [place]
    assert list(world.list_task_definitions("fastbreak-dev-inference")) == [arn]
    said = " ".join(world.lines)
    assert "rule 100 of listener 2 does not bear the tags of service inference of cluster fastbreak-dev" in said
    assert "left 1 revision of fastbreak-dev-inference without the tags" in said


@pytest.mark.parametrize("show_values", [False, True])
def test_errors_of_a_removal_hold_no_value_unless_asked_for(world: World, ports: Ports, show_values: bool) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", document=document(DATABASE_PASSWORD="hunter2-hunter2"))

    def refuse(arn: str) -> None:
        raise OperationError(f"Tried to delete {arn}: hunter2-hunter2 is in the way.", seen="hunter2-hunter2")

    world.delete_rule = refuse  # type: ignore[method-assign]
    request = make_request("", document={}, disclosure=Disclosure(b"k", show_values=show_values))
    with pytest.raises(OperationError) as caught:
        remove(request, ports, check_mode=False)
    told = f"{caught.value} {caught.value.message} {caught.value.details}"
    assert ("hunter2" in told) is show_values


def test_removal_ends_what_killed_runs_left_so_that_nothing_goes_back_to_it(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10.0)
    kill_after(world, ports, 4, version="1.1.0", scaling=scaling(3, 9))
    world.kept = KeptSnapshot("{}", "")
    remove(make_request(""), ports, check_mode=False)
    assert [(past.outcome, past.snapshot) for past in world.history("inference")] == [
        (Outcome.SUPERSEDED, ""),
        (Outcome.SUCCEEDED, ""),
    ]
    assert world.kept is None
    deploy(ports, "1.1.0", scaling=scaling(4, 5))
    assert world.scaling == scaling(4, 5)
