# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""No component is applied before the plans of all stand."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import DependencyError, WaitTimeoutError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.ports import DependencyState

from tests.unit.plugins.module_utils._stack.case import NAME, apply
from tests.unit.plugins.module_utils._stack.fakes import FakeRun

RUNNING, SETTLED, FAILED = DependencyState.RUNNING, DependencyState.SETTLED, DependencyState.FAILED


def test_a_plan_is_told_and_the_others_are_waited_for(stacks, clock):
    planning = FakeRun({"rds": [SETTLED], "ecs": [RUNNING, RUNNING, SETTLED]})
    result, _said = apply(stacks, clock, FakeRun(planning=planning))
    assert planning.told == [{"Id": None}]
    assert (result.snapshot.status, stacks.calls) == ("CREATE_COMPLETE", [("create", NAME)])
    assert clock.time > 0


def test_nothing_is_applied_when_the_plan_of_another_is_refused(stacks, clock):
    planning = FakeRun({"rds": [SETTLED], "ecr": [RUNNING, FAILED]})
    with pytest.raises(DependencyError, match="the plan of ecr was refused"):
        apply(stacks, clock, FakeRun(planning=planning))
    assert stacks.calls == []


def test_a_plan_that_never_stands_is_a_timeout(stacks, clock):
    with pytest.raises(WaitTimeoutError, match="plans of ecr"):
        apply(stacks, clock, FakeRun(planning=FakeRun({"ecr": [RUNNING]})), timeout_seconds=60)
    assert stacks.calls == []


def test_a_check_waits_for_nobody(stacks, clock):
    planning = FakeRun({"ecr": [FAILED]})
    assert apply(stacks, clock, FakeRun(planning=planning), check_mode=True)[0].changed
    assert planning.told == []
