# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Target health, against real HTTP servers. The sandbox of these tests runs ten times as fast as AWS."""

import time

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.elbv2.model.health import CHECKING, Health, Outcome, State, assess, matches
from sandbox.services.elbv2.model.records import HealthCheck
from tests.sandbox.balancer import eventually
from tests.sandbox.target import Target

CHECK = HealthCheck(
    protocol="HTTP",
    port="traffic-port",
    path="/",
    interval_seconds=5,
    timeout_seconds=2,
    healthy_threshold=3,
    unhealthy_threshold=2,
    matcher="200",
)
FAILED = Outcome("Target.Timeout", "Request timed out")


def _after(*outcomes):
    health = CHECKING
    for outcome in outcomes:
        health = assess(health, outcome, CHECK)
    return health


def test_a_new_target_needs_one_success():
    assert _after(Outcome()).state is State.HEALTHY


def test_a_new_target_stays_initial_until_the_unhealthy_threshold():
    assert _after(FAILED).reason == "Elb.InitialHealthChecking"
    assert _after(FAILED, FAILED) == Health(State.UNHEALTHY, "Target.Timeout", "Request timed out", failures=2)


def test_an_unhealthy_target_needs_the_healthy_threshold_in_a_row():
    down = [FAILED, FAILED]
    assert _after(*down, Outcome(), Outcome()).state is State.UNHEALTHY
    assert _after(*down, Outcome(), Outcome(), FAILED, Outcome(), Outcome()).state is State.UNHEALTHY
    assert _after(*down, Outcome(), Outcome(), Outcome()).state is State.HEALTHY


def test_a_healthy_target_survives_fewer_failures_than_the_threshold():
    assert _after(Outcome(), FAILED, Outcome(), FAILED).state is State.HEALTHY
    assert _after(Outcome(), FAILED, FAILED).state is State.UNHEALTHY


@given(st.lists(st.booleans(), max_size=30))
def test_a_healthy_verdict_always_rests_on_enough_successes(results):
    health, streak = CHECKING, 0
    for passed in results:
        before = health.state
        streak = streak + 1 if passed else 0
        health = assess(health, Outcome() if passed else FAILED, CHECK)
        if health.state is State.HEALTHY and before is State.UNHEALTHY:
            assert streak >= CHECK.healthy_threshold


@pytest.mark.parametrize(
    ("matcher", "accepted", "refused"), [("200", 200, 201), ("200,204", 204, 202), ("200-299", 250, 300)]
)
def test_the_matcher_takes_codes_lists_and_ranges(matcher, accepted, refused):
    assert matches(matcher, accepted)
    assert not matches(matcher, refused)


def test_a_target_of_an_unused_group_is_not_checked(balancer, target):
    group = balancer.group()
    balancer.register(group, target)
    assert eventually(lambda: balancer.health(group, target)["Reason"] == "Target.NotInUse")
    time.sleep(1.0)
    assert target.health_checks == 0


def test_a_registered_target_turns_healthy_and_is_checked_at_the_interval(balancer, target):
    group = balancer.serve(target)
    assert "Reason" not in balancer.health(group, target)
    began, before = time.monotonic(), target.health_checks
    assert eventually(lambda: target.health_checks - before >= 4)
    assert time.monotonic() - began > 1.0  # three intervals of 5 s, ten times as fast, less what the first was late


def test_a_target_that_is_not_ready_stays_initial_then_turns_unhealthy(balancer, target):
    target.health_status = 503
    group = balancer.group()
    balancer.rule({"Type": "forward", "TargetGroupArn": group})
    balancer.register(group, target)
    assert balancer.state(group, target) == "initial"
    assert balancer.get().status_code == 503
    assert eventually(lambda: balancer.state(group, target) == "unhealthy")
    assert balancer.health(group, target) == {
        "State": "unhealthy",
        "Reason": "Target.ResponseCodeMismatch",
        "Description": "Health checks failed with these codes: [503]",
    }


def test_a_slow_health_check_is_a_timeout(balancer, target):
    target.health_delay_seconds = 1.0  # of a timeout of 2 s, ten times as fast
    group = balancer.group(HealthCheckTimeoutSeconds=2)
    balancer.rule({"Type": "forward", "TargetGroupArn": group})
    balancer.register(group, target)
    assert eventually(lambda: balancer.health(group, target).get("Reason") == "Target.Timeout")


def test_a_target_that_dies_is_taken_out_and_comes_back(balancer, target):
    group = balancer.serve(target)
    target.stop()
    assert eventually(lambda: balancer.health(group, target).get("Reason") == "Target.FailedHealthChecks")
    assert balancer.get().status_code == 503
    with Target(port=target.port):
        assert eventually(lambda: balancer.state(group, target) == "healthy")
        assert balancer.get().status_code == 200


def test_traffic_goes_to_healthy_targets_only(balancer, target):
    with Target("sick") as sick:
        group = balancer.serve(target, sick)
        sick.health_status = 500
        assert eventually(lambda: balancer.state(group, sick) == "unhealthy")
        seen = len(sick.requests)
        assert {balancer.get().status_code for _ in range(10)} == {200}
        assert len(sick.requests) == seen


def test_the_health_check_port_can_be_another(balancer, target):
    with Target("probe") as probe:
        target.health_status = 500
        group = balancer.serve(target, HealthCheckPort=str(probe.port))
        assert balancer.state(group, target) == "healthy"
        assert probe.health_checks > 0


def test_changed_settings_hold_from_the_next_check(balancer, target):
    target.health_status = 204
    group = balancer.group()
    balancer.rule({"Type": "forward", "TargetGroupArn": group})
    balancer.register(group, target)
    assert eventually(lambda: balancer.state(group, target) == "unhealthy")
    balancer.api.modify_target_group(TargetGroupArn=group, Matcher={"HttpCode": "200-299"})
    assert eventually(lambda: balancer.state(group, target) == "healthy")


def test_a_deregistered_target_drains_and_vanishes_after_the_delay(balancer, target):
    group = balancer.serve(target, attributes={"deregistration_delay.timeout_seconds": "20"})
    began = time.monotonic()
    balancer.deregister(group, target)
    assert balancer.health(group, target) == {
        "State": "draining",
        "Reason": "Target.DeregistrationInProgress",
        "Description": "Target deregistration is in progress",
    }
    assert balancer.get().status_code == 503
    listed = balancer.api.describe_target_health
    assert eventually(lambda: not listed(TargetGroupArn=group)["TargetHealthDescriptions"])
    assert time.monotonic() - began >= 2.0
    assert balancer.health(group, target)["Reason"] == "Target.NotRegistered"


def test_a_draining_target_can_be_registered_again(balancer, target):
    group = balancer.serve(target)
    balancer.deregister(group, target)
    balancer.register(group, target)
    assert eventually(lambda: balancer.state(group, target) == "healthy")
    assert balancer.get().status_code == 200


def test_the_same_address_with_two_ports_is_two_targets(balancer, target):
    with Target() as other:
        group = balancer.serve(target, other)
        balancer.deregister(group, other)
        assert [balancer.state(group, item) for item in (target, other)] == ["healthy", "draining"]


def test_slow_start_gives_a_growing_share(balancer, target):
    with Target("late") as late:
        group = balancer.serve(target, attributes={"slow_start.duration_seconds": "90"})
        balancer.register(group, late)
        assert eventually(lambda: balancer.state(group, late) == "healthy")
        assert [balancer.get().text for _ in range(20)].count("late") <= 7
        assert eventually(lambda: 9 <= [balancer.get().text for _ in range(20)].count("late") <= 11, every=1.0)


def test_unknown_target_groups_are_refused(sandbox):
    elbv2 = sandbox.client("elbv2")
    arn = "arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/none/0123456789abcdef"
    for call in (elbv2.describe_target_health, elbv2.describe_target_group_attributes):
        with pytest.raises(ClientError, match="TargetGroupNotFound"):
            call(TargetGroupArn=arn)
