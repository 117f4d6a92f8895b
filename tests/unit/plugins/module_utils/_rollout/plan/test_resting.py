# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of the standing scaling a plan is made from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import KeptSnapshot
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.resting import standing_scaling
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.snapshot import Snapshot, encode
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.rest import awake
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session

from tests.unit.plugins.module_utils._rollout.case import make_request, scaling

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

RESTS = scaling(0, 4, backlog_per_task=2, backlog_namespace="Fastbreak/dev")
FOUND = Snapshot(None, "web:1", 0, (), replace(RESTS, maximum=2), ())


@pytest.mark.parametrize("text", ["", "no snapshot", encode(FOUND)])
def test_scaling_that_is_not_asked_for_is_left_as_an_interrupted_run_found_it(
    world: World, ports: Ports, text: str
) -> None:
    world.kept = KeptSnapshot(text, "")
    session = Session(replace(make_request("1.0.0"), scaling=None), ports)
    assert standing_scaling(session, awake(RESTS), (), active=True) == (awake(RESTS), True)
    assert session.request.scaling == (FOUND.scaling if text.startswith("{") else RESTS)


def test_scaling_of_a_service_that_is_gone_is_not_asked_for(ports: Ports) -> None:
    session = Session(replace(make_request("1.0.0"), scaling=None), ports)
    assert standing_scaling(session, RESTS, (), active=False) == (None, False)
    assert session.request.scaling is None
