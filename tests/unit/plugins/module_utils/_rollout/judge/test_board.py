# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a release stands, for the person who watches."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Measurement, Series
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import TargetObservation
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.board import Times, board_of
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.observation import Look
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import (
    DeploymentState,
    Pause,
    Progress,
)

from tests.unit.plugins.module_utils._rollout.case import deploy
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._common.progress import Board

    from tests.unit.plugins.module_utils._rollout.fakes import World


def measured(series: Series = Series()) -> Measurement:  # noqa: B008 - a frozen value
    return Measurement("ready", Verdict.INCONCLUSIVE, "1 of 9 failed", "few", 9, 1, "", "", series=series)


def facts(board: Board) -> dict[str, str]:
    return dict(board.facts)


def test_a_pause_says_where_and_for_how_long() -> None:
    pause = Pause("h", datetime(2026, 1, 1, 12, 30, tzinfo=UTC), "ROLLBACK")
    progress = Progress("POST_TEST_TRAFFIC_SHIFT", 20.0, 100.0, (pause,))
    look = Look(DeploymentState.IN_PROGRESS, progress=progress, targets=TargetObservation(2, 1, 2), others=3)
    series = Series("share", None, 0.05, ((1.0, 0.25),))
    board = board_of("inference 1.1.0 (CANARY)", look, [measured(series)], Times(7, 90))
    assert facts(board) == {
        "stage": "IN_PROGRESS, POST_TEST_TRAFFIC_SHIFT, paused for the verdict until 12:30:00 UTC",
        "users": "[##........] 20 % on the new revision",
        "tasks": "new revision: 1 of 2 healthy, 2 running; others: 3 running",
        "time": "7 s of about 90 s, beside what tasks take to start",
    }
    assert board.table[1] == ("ready", "INCONCLUSIVE", "0.25", "at most 0.05", "1 of 9 failed")


@pytest.mark.parametrize("look", [Look(), Look(problem="the network is down"), Look(progress=Progress("NEW_WORD"))])
def test_what_is_not_known_is_left_out(look: Look) -> None:
    board = board_of("x", look, [measured()], Times(0, 0))
    assert "users" not in facts(board)
    assert facts(board).get("problem", "") == look.problem
    assert board.table[1][2:4] == ("-", "-")


def test_a_release_is_drawn_every_second_where_somebody_watches() -> None:
    world = ShiftingWorld()
    ports = Ports(*[world] * 13)  # type: ignore[arg-type]
    world.push("1.0.0", "a")
    canary = by("CANARY", bake_minutes=0, canary_percent=20.0, canary_bake_minutes=0)
    deploy(ports, "1.0.0", **canary)
    assert world.boards == []
    world.live, began = True, world.seconds
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **canary)
    assert 10 < len(world.boards) <= world.seconds - began + 8
    shares = [facts(board).get("users", "") for board in world.boards]
    assert {"[##........] 20 % on the new revision", "[##########] 100 % on the new revision"} <= {*shares}
    assert {row[0] for row in world.boards[-1].table[1:]} >= {"target_health", "ready", "route"}


def test_a_board_shows_no_value_of_the_users(world: World, ports: Ports) -> None:
    world.live = True
    world.push("1.0.0", "a")
    world.events = []
    deploy(ports, "1.0.0")
    assert all("info" not in cell for board in world.boards for row in board.table for cell in row)
