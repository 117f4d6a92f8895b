# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Acting: each step writes only what the plan says differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.steps import put_beside, register
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.read import read
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session

from tests.unit.plugins.module_utils._rollout.case import document, make_request, released, scaling

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_a_revision_that_is_there_is_taken_again(world: World, ports: Ports) -> None:
    released(world, ports)
    session = Session(make_request("1.0.0"), ports)
    facts = read(session)
    assert register(session, facts) == facts.running_arn
    assert world.calls == []


def test_a_new_revision_says_its_version_and_whose_it_is(world: World, ports: Ports) -> None:
    released(world, ports)
    session = Session(make_request("1.0.0", document=document(LEVEL="debug"), tags={"Cost": "42"}), ports)
    arn = register(session, read(session))
    assert world.calls == ["register_task_definition"]
    tags = dict(world.task_definition_tags(arn))
    assert tags["fastbreak:version"] == f"1.0.0-{'a' * 40}"
    assert tags["Cost"] == "42"
    assert session.request.owned_by.marks.items() <= tags.items()


@pytest.mark.parametrize(("maximum", "calls"), [(6, []), (7, ["change_scaling"])])
def test_scaling_is_written_when_it_differs(world: World, ports: Ports, maximum: int, calls: list[str]) -> None:
    released(world, ports)
    session = Session(make_request("1.0.0", scaling=scaling(2, maximum)), ports)
    put_beside(session, read(session), world.scaling)
    assert world.calls == calls
