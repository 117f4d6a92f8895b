# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A good canary whose answers take their time: too few of them by the deadline say nothing against it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.settings import AtDeadline

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer

CANARY = by("CANARY", bake_minutes=1, canary_percent=10.0, canary_bake_minutes=1)


class SlowWorld(ShiftingWorld):
    """Each answer takes ``answer_seconds``, and no two are waited for at once."""

    answer_seconds = 0.0

    def request(self, method: str, url: str, **other: Any) -> Answer:
        if self.answer_seconds:
            self.sleep(self.answer_seconds)
        return super().request(method, url, **other)


@pytest.fixture
def world() -> SlowWorld:
    return SlowWorld()


def canary(world: SlowWorld, ports: Ports, at_deadline: AtDeadline, **behaviour: Any) -> None:
    """A canary with gates of a minute, of which each gets an answer of the release in ten requests."""
    gates = tuple(replace(gate, on_inconclusive=at_deadline) for gate in make_request("x").gates)
    released(world, ports, **CANARY)
    world.requests.clear()
    world.push("1.1.0", "b", **behaviour)
    world.answer_seconds = 0.7
    deploy(ports, "1.1.0", **CANARY, gates=gates)


def test_too_few_answers_refuse_it_where_no_more_time_is_given(world: SlowWorld, ports: Ports) -> None:
    with pytest.raises(RolledBackError, match="is INCONCLUSIVE") as caught:
        canary(world, ports, AtDeadline.ROLLBACK)
    assert "at least 5 answers" in caught.value.message


def test_with_as_much_time_again_it_is_accepted(world: SlowWorld, ports: Ports) -> None:
    canary(world, ports, AtDeadline.EXTEND)
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert {answer[1] for answer in world.requests} == {200}


def test_what_speaks_against_a_release_needs_no_more_time(world: SlowWorld, ports: Ports) -> None:
    with pytest.raises(RolledBackError, match="is UNHEALTHY"):
        canary(world, ports, AtDeadline.EXTEND, path_status={"/v1/analyses": 500})
    assert not [answer for answer in world.requests if answer[0] == "user" and answer[1] != 200]
