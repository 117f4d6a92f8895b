# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a stack reads has to have settled; its outputs become parameters."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    DependencyError,
    RequestError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.dependencies import given_parameters
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.ports import DependencyState, NoRun
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import OutputReference

from tests.unit.plugins.module_utils._stack.case import NAME, apply, request
from tests.unit.plugins.module_utils._stack.fakes import FakeRun, FakeStacks, ports_of

RUNNING, SETTLED, FAILED = DependencyState.RUNNING, DependencyState.SETTLED, DependencyState.FAILED
NETWORK = "fastbreak-dev-network"
READS = {"parameters": {"Size": OutputReference("network", "Size")}, "depends_on": {"network": NETWORK}}


def test_an_output_is_read_once_the_dependency_has_settled_in_this_run(stacks, clock):
    stacks.put(NETWORK, outputs={"Size": "large"})
    run = FakeRun({"network": [RUNNING] * 80 + [SETTLED]})
    result, said = apply(stacks, clock, run, **READS)
    assert stacks.snapshots[NAME].parameters == {"Size": "large"}
    assert result.changed
    assert [line for line in said if "waits" in line] == [f"{NAME}: waits for network"]


def test_a_short_wait_is_not_worth_a_word(stacks, clock):
    stacks.put(NETWORK, outputs={"Size": "large"})
    _result, said = apply(stacks, clock, FakeRun({"network": [RUNNING, RUNNING, SETTLED]}), **READS)
    assert not any("waits" in line for line in said)


def test_a_dependency_that_fails_stops_at_once(stacks, clock):
    run = FakeRun({"network": [RUNNING, FAILED]})
    with pytest.raises(DependencyError, match="network provides, which failed in this run") as raised:
        apply(stacks, clock, run, **READS)
    assert raised.value.details == {"failed_components": ["network"]}
    assert stacks.calls == []
    assert clock.time < clock.began + 2


def test_several_that_failed_are_told_as_several(stacks, clock):
    failed = {name: [FAILED] for name in ("network", "rds", "ecs")}
    depends = {name: f"fastbreak-dev-{name}" for name in failed}
    with pytest.raises(DependencyError, match=r"network, rds and ecs provide, which failed in this run\. Their own"):
        apply(stacks, clock, FakeRun(failed), depends_on=depends)


def test_a_dependency_that_never_settles_is_a_timeout(stacks, clock):
    with pytest.raises(WaitTimeoutError, match="waited 60 s for network") as raised:
        apply(stacks, clock, FakeRun({"network": [RUNNING]}), timeout_seconds=60, **READS)
    assert raised.value.details == {"last": {"waiting_for": ["network"]}}


@pytest.mark.parametrize("status", [None, "CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_FAILED"])
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_dependency_outside_the_run_has_to_have_settled(stacks, clock, status, check_mode):
    if status:
        stacks.put(NETWORK, status, outputs={"Size": "large"})
    with pytest.raises(DependencyError, match="Run without --limit"):
        apply(stacks, clock, NoRun(), check_mode, **READS)


def test_an_output_that_is_not_there_is_named(stacks, clock):
    stacks.put(NETWORK, outputs={"Other": "x"})
    with pytest.raises(DependencyError, match=r"output Size of network.*outputs are: Other\..*apply network too"):
        apply(stacks, clock, **READS)


def test_a_reference_to_what_is_no_dependency_is_refused(stacks, clock):
    with pytest.raises(RequestError, match="Add network to depends_on"):
        apply(stacks, clock, parameters={"Size": OutputReference("network", "Size")})


@pytest.mark.parametrize(("planned", "expected"), [(None, "(known after network is applied)"), ("large", "large")])
def test_a_check_reads_what_the_dependency_plans(stacks, clock, planned, expected):
    run = FakeRun({"network": [SETTLED]}, {"network": {"Size": planned}})
    result, _said = apply(stacks, clock, run, check_mode=True, **READS)
    assert result.plan.parameters == {"Size": expected}


@pytest.mark.parametrize(("told", "size"), [("small", "small"), (None, "large")])
def test_what_a_dependency_of_the_run_told_is_not_asked_for_again(stacks, clock, told, size):
    stacks.put(NETWORK, outputs={"Size": "large"})
    run = FakeRun({"network": [SETTLED]}, {"network": {"Size": told}})
    apply(stacks, clock, run, **READS)
    assert stacks.snapshots[NAME].parameters == {"Size": size}


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_output_is_read_in_the_region_of_its_stack(stacks, clock, check_mode):
    other = FakeStacks(clock)
    stacks.put(NETWORK, outputs={"Size": "of this region"})
    other.put(NETWORK, outputs={"Size": "of the other"})
    reads = {**READS, "parameters": {"Size": OutputReference("network", "Size", "us-west-2")}}
    ports, _said = ports_of(stacks, clock, elsewhere={"us-west-2": other})
    given = given_parameters(request(**reads), ports, check_mode)
    assert given == {"Size": "of the other"}
