# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether users get answers again after an undo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.read import read
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.snapshot import SeenAnswer
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.take_snapshot import take_snapshot
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.users import Users, ask_again
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer

from tests.unit.plugins.module_utils._rollout.case import make_request, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

GOOD = Answer(200, version="1.0.0")


@pytest.mark.parametrize(
    ("answers", "before", "version", "problem", "unasked"),
    [
        ([GOOD], (200, "1.0.0"), "1.0.0", "", ""),
        ([Answer(503), Answer(503), GOOD], (200, "1.0.0"), "1.0.0", "", ""),
        ([Answer(503)], (200, "1.0.0"), "1.0.0", "503", ""),
        ([Answer(0, problem="reset")], (200, "1.0.0"), "1.0.0", "no answer (reset)", ""),
        ([Answer(404, version="1.0.0")], (404, "1.0.0"), "1.0.0", "", ""),
        ([Answer(404, version="1.0.0")], (200, "1.0.0"), "1.0.0", "404", ""),
        (
            [Answer(302, location="/login")],
            (200, "1.0.0"),
            "1.0.0",
            "302, a redirect to /login, which is not followed",
            "",
        ),
        ([Answer(200, version="1.1.0")], (200, "1.0.0"), "1.0.0", "200 from release 1.1.0 and not from 1.0.0", ""),
        ([Answer(200)], (200, "1.0.0"), "1.0.0", "200 from release (none named) and not from 1.0.0", ""),
        ([Answer(200, version="1.1.0")], (200, "1.0.0"), "", "200 from release 1.1.0 and not from 1.0.0", ""),
        ([Answer(200)], (200, ""), "1.0.0", "", ""),
        ([Answer(200), Answer(503)], (200, ""), "1.0.0", "answers come and go", ""),
        ([Answer(0, problem="refused", unreachable=True)], (200, "1.0.0"), "1.0.0", "", "no answer (refused)"),
    ],
)
def test_users_are_back_when_the_release_before_answers_them(  # noqa: PLR0913, PLR0917 - a table
    world: World,
    ports: Ports,
    answers: list[Answer],
    before: tuple[int, str],
    version: str,
    problem: str,
    unasked: str,
) -> None:
    released(world, ports)
    gate = make_request("x").gates[1]
    session = Session(make_request("1.0.0", gates=(gate,)), ports)
    snapshot = replace(take_snapshot(session, read(session)), answers=(SeenAnswer("ready", *before),))
    asked = [0]

    def answer(*_: object, **__: object) -> Answer:
        asked[0] += 1
        turn = asked[0] - 1
        return answers[turn % 2] if len(answers) == 2 else answers[min(turn, len(answers) - 1)]

    world.request = answer  # type: ignore[method-assign]
    began = world.seconds
    users = ask_again(session, snapshot, version)
    where = "GET http://alb/readyz: "
    assert users == Users(problem and where + problem, unasked and where + unasked)
    assert world.seconds - began <= 62
