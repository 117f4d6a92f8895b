# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence of a failed release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.evidence import gather_evidence
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.read import read
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session

from tests.unit.plugins.module_utils._rollout.case import make_request, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_newest_tasks_are_shown_and_those_that_failed_first(world: World, ports: Ports) -> None:
    released(world, ports)
    session = Session(make_request("1.0.0"), ports)
    facts = read(session)
    world.sleep(5)
    world._fail(world.tasks[0], None, "EssentialContainerExited", "it ended", 3)
    world.sleep(5)
    shown = gather_evidence(session, facts, facts.running_arn)
    assert [task["task"] for task in shown] == [world.tasks[index].arn.rpartition("/")[2] for index in (0, 2, 1)]
    assert shown[0]["stopped"].endswith("EssentialContainerExited: it ended (container service exit code 3)")
    assert (shown[0]["log_lines"], shown[1]["stopped"]) == (["starting", "it broke here"], "")


def test_evidence_that_cannot_be_had_fails_no_run(world: World, ports: Ports) -> None:
    released(world, ports)
    session = Session(make_request("1.0.0"), ports)
    facts = read(session)

    def fail(*_: str) -> tuple[str, ...]:
        raise UnavailableError("the network is down")

    world.list_tasks = fail
    assert gather_evidence(session, facts, facts.running_arn) == ()
    assert session.warnings == ["no evidence could be gathered: the network is down"]
