# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What takes minutes beside other gates has the time for all its runs, or is refused beforehand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates import table
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import gate_problems
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer, CommandResult
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.examples import examples
from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released
from tests.unit.plugins.module_utils._rollout.gates.measuring import read
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Gate

OWN: dict[str, dict[str, Any]] = {
    "command": {"command": ["x"]},
    "webhook": {"webhook_url": "https://judge.example.com/"},
}
ASIDE = sorted(gate.kind for gate in table.GATES if gate.aside)


class Lasting:
    """What is begun takes so many seconds of *world*."""

    def __init__(self, world: ShiftingWorld, seconds: float) -> None:
        self._world = world
        self._seconds = seconds
        self.begun = 0

    def begin(self, work: Callable[[], Any]) -> Callable[[], tuple[Any] | None]:
        self.begun += 1
        over, found = self._world.monotonic() + self._seconds, work()
        return lambda: (found,) if self._world.monotonic() >= over else None


def healthy_world() -> ShiftingWorld:
    """One in which every program exits with 0, and every endpoint says HEALTHY."""
    world = ShiftingWorld()
    world.run_command = lambda *_given, **_options: CommandResult(0)  # type: ignore[method-assign]
    answer = world.request

    def request(method: str, url: str, **named: Any) -> Answer:
        if method == "POST":
            return Answer(200, body=json.dumps({"verdict": "HEALTHY"}).encode())
        return answer(method, url, **named)

    world.request = request  # type: ignore[method-assign]
    return world


def released_with(gate: Gate[Any], seconds: float, how: dict[str, Any]) -> Lasting:
    """What measured while a good release went in, by *gate*, each of whose runs takes so many seconds."""
    world = healthy_world()
    lasting, ports = Lasting(world, seconds), Ports(*[world] * 13)
    released(world, ports, **how)
    world.push("1.1.0", "b")
    deploy(replace(ports, aside=lasting), "1.1.0", **how, gates=(*make_request("x").gates, gate))
    assert newest(world).outcome is Outcome.SUCCEEDED
    return lasting


def test_what_is_aside_has_its_options_here() -> None:
    assert sorted(OWN) == ASIDE


@pytest.mark.parametrize("kind", ASIDE)
@given(
    successes=st.integers(1, 5),
    timeout=st.floats(1, 300),
    share=st.sampled_from([0.01, 0.5, 0.9, 1.0]),
    interval=st.none() | st.floats(0, 120),
    delay=st.sampled_from([0.0, 20.0]),
)
@examples(10)
def test_runs_within_their_timeout_never_refuse_a_good_release_by_the_usual_deadline(  # noqa: PLR0913, PLR0917 - all vary
    kind: str, successes: int, timeout: float, share: float, interval: float | None, delay: float
) -> None:
    own = {**OWN[kind], f"{kind}_timeout_seconds": timeout, "interval_seconds": interval}
    gate = read(kind, **own, name="slow", consecutive_successes=successes, initial_delay_seconds=delay)
    assert gate_problems(gate, 5.0) == []
    assert released_with(gate, timeout * share, {}).begun >= successes


@pytest.mark.parametrize("kind", ASIDE)
@pytest.mark.parametrize(("successes", "seconds"), [(1, 60), (2, 59.9), (3, 50), (3, 60), (5, 60)])
def test_the_shortest_deadline_that_is_not_refused_is_long_enough(kind: str, successes: int, seconds: float) -> None:
    least = 60 * successes + 5 * (2 * successes - 1)
    own = {**OWN[kind], f"{kind}_timeout_seconds": 60, "name": "slow", "consecutive_successes": successes}
    (problem,) = gate_problems(read(kind, **own, deadline_seconds=least - 1), 5.0)
    assert f"s: {least} s. Leave it out, or raise it." in problem
    assert f"{kind}_timeout_seconds" in problem
    gate = read(kind, **own, deadline_seconds=least)
    assert gate_problems(gate, 5.0) == []
    released_with(gate, seconds, {})


@pytest.mark.parametrize(
    "how",
    [by("BLUE_GREEN", bake_minutes=0), by("CANARY", canary_percent=10, bake_minutes=0, canary_bake_minutes=0)],
    ids=["all", "canary"],
)
def test_a_run_that_ends_at_the_first_pause_begins_nothing_that_it_would_end(how: dict[str, Any]) -> None:
    world = healthy_world()
    lasting, ports = Lasting(world, 50), Ports(*[world] * 13)
    released(world, ports, **how)
    world.push("1.1.0", "b")
    options = {**how, "gates": (*make_request("x").gates, read("command", command=["x"], name="slow"))}
    asked = replace(ports, aside=lasting)
    deploy(asked, "1.1.0", wait_until="paused", **options)
    assert not lasting.begun
    assert newest(world).in_progress
    deploy(asked, "1.1.0", owner="next@here:9:cccc", judge_only=True, **options)
    assert lasting.begun
    assert newest(world).outcome is Outcome.SUCCEEDED
