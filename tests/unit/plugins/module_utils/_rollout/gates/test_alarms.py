# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate on alarms: which states refuse, which pass, and which are neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.alarms import AlarmGate, AlarmTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import gate_problems
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.problems import problems_of
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released
from tests.unit.plugins.module_utils._rollout.gates.measuring import read, scene

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

GATE = AlarmGate(alarms=("errors", "latency"))


@pytest.mark.parametrize(
    ("looks", "baked", "verdict"),
    [
        ([], True, Verdict.INCONCLUSIVE),
        (["OK", "OK"], True, Verdict.HEALTHY),
        (["OK", "OK"], False, Verdict.INCONCLUSIVE),
        (["INSUFFICIENT_DATA", "OK"], True, Verdict.HEALTHY),
        (["OK", "INSUFFICIENT_DATA"], True, Verdict.INCONCLUSIVE),
        (["OK", ""], True, Verdict.INCONCLUSIVE),
        (["OK", "SOMETHING_NEW"], True, Verdict.INCONCLUSIVE),
        (["OK", "ALARM"], False, Verdict.UNHEALTHY),
        (["ALARM", "OK"], True, Verdict.UNHEALTHY),
    ],
)
def test_states_of_an_alarm_beside_one_that_is_ok(looks: list[str], baked: bool, verdict: Verdict) -> None:
    tally = AlarmTally()
    for state in looks:
        tally = tally.see({"errors": state, "latency": "OK"})
    assert GATE.assess(tally, baked=baked) is verdict


@given(st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=5)), max_size=5))
def test_only_ok_of_every_alarm_passes(looks: list[dict[str, str]]) -> None:
    tally = AlarmTally()
    for states in looks:
        tally = tally.see(states)
    if GATE.assess(tally, baked=True) is Verdict.HEALTHY:
        assert looks[-1]
        assert set(looks[-1].values()) == {"OK"}


def test_alarm_that_does_not_exist_is_an_error(world: World, ports: Ports) -> None:
    world.alarms = {"errors": "OK"}
    with pytest.raises(OperationError, match="Alarm latency does not exist"):
        GATE.measure(GATE.begin(), scene(ports))


def test_words_name_what_is_not_ok(world: World, ports: Ports) -> None:
    world.alarms = {"errors": "ALARM", "latency": "OK", "other": "ALARM"}
    tally = GATE.measure(GATE.begin(), scene(ports))
    assert GATE.seen(tally) == "errors is ALARM in the latest of 1 look"
    assert GATE.seen(AlarmTally().see({"a": "OK", "b": "OK"})) == "2 alarms OK in the latest of 1 look"
    assert GATE.expected() == "errors, latency OK over 30 s"


@pytest.mark.parametrize(
    ("alarms", "said"),
    [([], "alarms is empty"), ([" "], "empty entry"), ([f"a{number}" for number in range(101)], "101 entries")],
)
def test_sets_of_alarms_that_watch_nothing_are_problems(alarms: list[str], said: str) -> None:
    (problem,) = gate_problems(read("alarms", alarms=alarms), 5.0)
    assert said in problem


def gates(*alarms: str) -> tuple[AlarmGate, ...]:
    return (AlarmGate(alarms=alarms, bake_seconds=5.0),)


@pytest.mark.parametrize(("states", "said"), [({}, "does not exist"), ({"errors": "ALARM"}, "is in ALARM already")])
def test_release_is_refused_beforehand_by_an_alarm_that_rings_or_is_not_there(
    world: World, ports: Ports, states: dict[str, str], said: str
) -> None:
    world.push("1.0.0", "a")
    world.alarms = states
    with pytest.raises(RefusedError, match=said):
        deploy(ports, "1.0.0", gates=(*make_request("x").gates, *gates("errors")))
    assert world.service is None


def test_release_is_refused_by_an_alarm_that_begins_to_ring(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.alarms = {"errors": "OK"}
    world.at.append((world.seconds + 7, lambda: world.alarms.update(errors="ALARM")))
    with pytest.raises(OperationError, match=r"gate alarms is UNHEALTHY\. Seen: errors is ALARM"):
        deploy(ports, "1.1.0", gates=gates("errors"))
    assert newest(world).verdict == "UNHEALTHY"


def test_alarm_that_asks_for_a_rollback_does_not_refuse_it() -> None:
    assert GATE.in_rollback().dry_run
    assert not GATE.dry_run
    # Alone it would leave a rollback without a gate.
    (problem,) = problems_of(make_request("x", gates=gates("errors")))
    assert "none that decides after all traffic has shifted, also in a rollback" in problem
