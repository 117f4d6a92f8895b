# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode says what a run would do with several services, whatever an earlier run left that was killed."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError, RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK

from tests.unit.plugins.module_utils._rollout.killed import Killed
from tests.unit.plugins.module_utils._rollout.neighbours import LEAD
from tests.unit.plugins.module_utils._rollout.shifting_street import ShiftingStreet

COMMANDS: tuple[dict[str, Any], ...] = (
    {"version": "1.1.0"},
    {"version": "1.1.0", "judge_only": True},
    {"version": "1.2.0"},
    {"version": "", "kind": ROLLBACK},
)
#: Which service is unfit, so that a run that is killed may be on its way back.
UNFIT: dict[str, dict[str, dict[str, Any]]] = {
    "": {},
    "worker": {"worker": {"exits_after": 9.0}},
    LEAD: {LEAD: {"path_status": {"/v1/analyses": 500}}},
}
#: In which order, who is unfit, when the run is killed, and how long ECS goes on alone after that.
LEFT = (
    (("worker", LEAD), "", 90, 1),
    (("worker", LEAD), "", 90, 400),
    (("worker", LEAD), LEAD, 47, 1),
    ((LEAD, "worker"), "", 200, 1),
    ((LEAD, "worker"), "worker", 260, 400),
)


def killed(names: tuple[str, ...], unfit: str, seconds: int) -> ShiftingStreet:
    """What a run of 1.1.0 leaves that is killed so many *seconds* after it began."""
    street = ShiftingStreet(*names)
    street.push("1.0.0", "a")
    street.release("1.0.0")
    street.push("1.1.0", "b", **UNFIT[unfit])
    street.push("1.2.0", "c")

    def kill() -> None:
        raise Killed

    street.lead.at.append((street.lead.seconds + seconds, kill))
    with suppress(Killed, FastbreakError):
        street.release("1.1.0")
    street.lead.at.clear()
    for world in street.worlds.values():
        world.lock = None
    return street


def done(street: ShiftingStreet, command: dict[str, Any], *, check_mode: bool) -> dict[str, str] | str:
    """What becomes of each service in a copy of *street*; or that the run was refused, or ended as gates found."""
    copied = deepcopy(street)
    try:
        results = copied.release(**command, check_mode=check_mode)
    except RefusedError:
        return "refused"
    except FastbreakError as error:
        return str(error.details["result"])
    return {name: result.action for name, result in results.items()}


def fits(predicted: dict[str, str] | str, became: dict[str, str] | str) -> bool:
    """Whether a run may end so that was to do what was *predicted*. What gates will find is not predicted."""
    if predicted == became:
        return True
    judges = not isinstance(predicted, str) and {"deploy", "adopt", "withdraw"} & {*predicted.values()}
    return bool(judges) and isinstance(became, str) and became != "refused"


@pytest.mark.parametrize(("names", "unfit", "seconds", "pause"), LEFT)
def test_check_mode_after_a_kill_says_what_the_run_does(
    names: tuple[str, ...], unfit: str, seconds: int, pause: int
) -> None:
    street = killed(names, unfit, seconds)
    street.lead.sleep(pause)
    for command in COMMANDS:
        predicted, became = (done(street, command, check_mode=check_mode) for check_mode in (True, False))
        assert fits(predicted, became), (command, predicted, became)
