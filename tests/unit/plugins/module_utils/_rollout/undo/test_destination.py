# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a failed release goes back to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome, Release
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.destination import WayBack, way_back

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.read import Facts


class Running:
    """Facts of which nothing counts but the revision that the service was set to."""

    def __init__(self, arn: str) -> None:
        self.running_arn = arn


def release(number: int, arn: str, outcome: Outcome = Outcome.SUCCEEDED) -> Release:
    fields: dict[str, Any] = dict.fromkeys(("image", "digest", "commit", "strategy", "kind", "started_by"), "x")
    made = Release("web", f"R#{number}", f"1.{number}.0", task_definition_arn=arn, started_at="then", **fields)
    return replace(made, outcome=outcome)


FIRST, SECOND = release(1, "web:1"), release(2, "web:2")
FAILED = release(3, "web:3", Outcome.FAILED)
UNRECORDED = "the revision that ran before, which no release recorded"


@pytest.mark.parametrize(
    ("history", "running", "adopted", "back"),
    [
        ((), "", False, WayBack(stop=True)),
        ((FAILED,), "", False, WayBack(stop=True)),
        ((FAILED,), "web:3", False, WayBack(stop=True)),
        ((SECOND, FIRST), "web:2", False, WayBack("web:2", "1.2.0", tag="1.2.0")),
        ((SECOND, FIRST), "web:1", False, WayBack("web:1", "1.1.0", tag="1.1.0")),
        ((FAILED, SECOND, FIRST), "web:3", False, WayBack("web:2", "1.2.0", tag="1.2.0")),
        ((SECOND, FIRST), "web:2", True, WayBack("web:1", "1.1.0", tag="1.1.0")),
        ((SECOND,), "web:2", True, WayBack("web:2", "1.2.0", tag="1.2.0")),
        ((SECOND, FIRST), "web:9", False, WayBack("web:2", "1.2.0", tag="1.2.0")),
        ((), "web:9", False, WayBack("web:9", UNRECORDED)),
        ((), "web:9", True, WayBack()),
    ],
)
def test_way_back_leads_to_what_was_judged_fit(
    history: tuple[Release, ...], running: str, adopted: bool, back: WayBack
) -> None:
    assert way_back(history, cast("Facts", Running(running)), adopted=adopted) == back
