# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that answers users with errors is rolled back by ECS, on the composite alarm that prod names.

The alarm looks at whole minutes, so the test's sandbox is one in which a minute takes two seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RolledBackError

from sandbox.wait import until
from tests.integration.provision.test_alarms import TEMPLATE, THRESHOLDS
from tests.integration.rollout.load import Load
from tests.integration.rollout.platform import Platform
from tests.integration.sandboxes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

# Only the alarm can tell that it is bad: its tasks are healthy.
GUARDED: dict[str, Any] = {
    "health_check_grace_period_seconds": 3000,
    "deployment": {"alarms": ["fastbreak-users-release"]},
    "gates": [{"kind": "target_health", "bake_seconds": 1, "deadline_seconds": 60, "consecutive_successes": 2}],
}


@pytest.fixture
def hurried() -> Iterator[Platform]:
    with running("hurried", AUTH="true", SANDBOX_TIME_SCALE="30") as state:
        platform = Platform(state)
        # Health checks hurry as well: a second and a half for an answer, also on a busy machine.
        platform.elb.modify_target_group(
            TargetGroupArn=platform.group,
            HealthCheckIntervalSeconds=50,
            HealthCheckTimeoutSeconds=45,
            UnhealthyThresholdCount=10,
        )
        yield platform
        platform.remove()


def make_alarms(platform: Platform) -> None:
    """Make the stack of the role cloudwatch for the platform's load balancer."""
    cloudformation, name = platform.connect("cloudformation"), f"alarms-{platform.name}"
    [listener] = platform.elb.describe_listeners(ListenerArns=[platform.listener])["Listeners"]
    parameters = {
        **THRESHOLDS,
        "Environment": "users",
        "LoadBalancerFullName": listener["LoadBalancerArn"].partition("loadbalancer/")[2],
        "BlueTargetGroupArn": platform.group,
        "GreenTargetGroupArn": platform.group,
        "ClusterName": platform.cluster,
        "ErrorSharePercent": "10",
        "LatencySeconds": "60",
    }
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=TEMPLATE.read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def test_a_release_that_answers_users_with_errors_is_rolled_back_by_the_alarm(hurried: Platform) -> None:
    platform, good = hurried, hurried.push("1.0.0")
    make_alarms(platform)
    platform.roll_out("1.0.0", **GUARDED)
    before = platform.service()["taskDefinition"]
    # Old tasks finish what they were asked for as long as this, and it is under way. The sandbox has no bake
    # time of ECS's own.
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "600"}
    platform.elb.modify_target_group_attributes(TargetGroupArn=platform.group, Attributes=[delay])
    platform.push("1.1.0", ROUTE_STATUS=500)
    with Load(f"{platform.url}/v1/analyses"), pytest.raises(RolledBackError, match="alarm was triggered"):
        platform.roll_out("1.1.0", timeout_seconds=400, **GUARDED)
    arns = [
        each["serviceDeploymentArn"]
        for each in platform.ecs.list_service_deployments(cluster=platform.cluster, service="web")["serviceDeployments"]
    ]
    described = platform.ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
    back = [each for each in described if each["status"] == "ROLLBACK_SUCCESSFUL"]
    assert [each["alarms"]["triggeredAlarmNames"] for each in back] == [["fastbreak-users-release"]]
    assert platform.service()["taskDefinition"] == before
    assert until(lambda: set(platform.answers()) == {(200, good)}, 60, pause=1), platform.answers()
