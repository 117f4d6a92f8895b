# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""No component is applied before the plans of all stand."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    DependencyError,
    RefusedError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.ports import DependencyState

from tests.unit.plugins.module_utils._stack.case import NAME, TEMPLATE, apply, put
from tests.unit.plugins.module_utils._stack.fakes import FakeLiving, FakeRun

OUTSIDE, RUNNING, SETTLED, FAILED = DependencyState


def test_a_plan_is_told_and_the_others_are_waited_for(stacks, clock):
    began = clock.time
    planning = FakeRun({"rds": [SETTLED], "ecs": [RUNNING, RUNNING, SETTLED]})
    result, _said = apply(stacks, clock, FakeRun(planning=planning))
    assert planning.told == [({"Id": None}, False)]
    assert (result.snapshot.status, stacks.calls) == ("CREATE_COMPLETE", [("create", NAME)])
    assert clock.time > began


def test_nothing_is_applied_when_the_plan_of_another_is_refused(stacks, clock):
    planning = FakeRun({"rds": [SETTLED], "ecr": [RUNNING, FAILED]})
    with pytest.raises(DependencyError, match="no plan stands for ecr "):
        apply(stacks, clock, FakeRun(planning=planning))
    assert stacks.calls == []


def test_what_a_stack_will_have_is_told_before_it_is_known_whether_its_plan_stands(stacks, clock):
    living, planning = FakeLiving(), FakeRun()
    living.taken = {("AWS::Logs::LogGroup", "/a")}
    named = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/a"}}
    template = {"Resources": {"R": named}, "Outputs": TEMPLATE["Outputs"]}
    with pytest.raises(RefusedError, match="/a"):
        apply(stacks, clock, FakeRun(planning=planning), living=living, template=template)
    assert (planning.foreseen, planning.told) == ([{"Id": None}], [])


def test_a_stack_is_read_before_those_that_it_depends_on_have_planned(stacks, clock):
    clock_of_reading = []
    read = stacks.describe_stack
    stacks.describe_stack = lambda name: clock_of_reading.append(clock.time) or read(name)
    began = clock.time
    planning = FakeRun({"network": [RUNNING, RUNNING, SETTLED]}, planned={"network": {}})
    apply(
        stacks,
        clock,
        FakeRun({"network": [SETTLED]}, planned={"network": {}}, planning=planning),
        depends_on={"network": "fastbreak-dev-network"},
    )
    assert clock_of_reading[0] == began < clock.time


def test_a_plan_that_never_stands_is_a_timeout(stacks, clock):
    with pytest.raises(WaitTimeoutError, match="plans of ecr"):
        apply(stacks, clock, FakeRun(planning=FakeRun({"ecr": [RUNNING]})), timeout_seconds=60)
    assert stacks.calls == []


def test_a_check_waits_for_nobody(stacks, clock):
    planning = FakeRun({"ecr": [FAILED]})
    assert apply(stacks, clock, FakeRun(planning=planning), check_mode=True)[0].changed
    assert planning.told == []


@pytest.mark.parametrize("dependency", [SETTLED, OUTSIDE])
def test_where_nothing_changes_and_all_that_is_read_has_settled_nobody_is_waited_for(stacks, clock, dependency):
    put(stacks)
    stacks.put("fastbreak-dev-network", "CREATE_COMPLETE")
    began = clock.time
    planning = FakeRun({"network": [SETTLED], "ecr": [RUNNING]}, planned={"network": {}})
    run = FakeRun({"network": [dependency]}, planning=planning)
    result, _said = apply(stacks, clock, run, depends_on={"network": "fastbreak-dev-network"})
    assert (planning.foreseen, planning.told) == ([], [({"Id": "id-1"}, True)])
    assert (result.changed, result.outputs, result.snapshot.status) == (False, {"Id": "id-1"}, "CREATE_COMPLETE")
    assert (stacks.calls, clock.time) == ([], began)


def test_where_what_is_read_may_still_change_the_plan_is_made_again(stacks, clock):
    began = clock.time
    put(stacks)
    stacks.put("fastbreak-dev-network", "CREATE_COMPLETE")
    planning = FakeRun({"network": [SETTLED], "ecr": [RUNNING, SETTLED]}, planned={"network": {}})
    run = FakeRun({"network": [RUNNING, RUNNING, SETTLED]}, planning=planning)
    result, _said = apply(stacks, clock, run, depends_on={"network": "fastbreak-dev-network"})
    assert planning.told == [({"Id": "id-1"}, False)]
    assert not result.changed
    assert clock.time > began


def test_a_change_is_applied_after_all_others_planned_even_when_what_is_read_has_settled(stacks, clock):
    put(stacks)
    planning = FakeRun({"ecr": [RUNNING, FAILED]})
    with pytest.raises(DependencyError, match="no plan stands for ecr "):
        apply(stacks, clock, FakeRun(planning=planning), parameters={"Size": "large"})
    assert planning.told == [({"Id": None}, False)]
    assert stacks.calls == []
