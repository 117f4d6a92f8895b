# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Rolling updates on real containers behind a real load balancer, under load."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.services.ecs.app import Load, Platform, put_still_alarm, until

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
NO_ROLLBACK = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}


@pytest.fixture
def platform(sandbox: Any) -> Iterator[Platform]:
    made = Platform(sandbox)
    yield made
    made.remove()


def test_a_first_deployment_completes_only_when_its_tasks_are_healthy(platform: Platform) -> None:
    created = platform.create(platform.define(BOOT_SECONDS=2))
    assert created["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert created["runningCount"] == 0
    until(lambda: platform.service()["runningCount"] == 2)
    assert platform.primary()["rolloutState"] == "IN_PROGRESS"
    service = platform.steady()
    deployment = service["deployments"][0]
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} completed."
    assert platform.story()[-1] == "(service web) has reached a steady state."
    assert {item["availabilityZone"] for item in platform.tasks()} == {"us-east-1a", "us-east-1b"}
    history = platform.history()
    assert [item["status"] for item in history] == ["SUCCESSFUL"]
    assert history[0]["serviceDeploymentArn"] == service["currentServiceDeployment"]


@pytest.mark.parametrize(("desired", "minimum", "maximum"), [(2, 100, 200), (1, 100, 200), (2, 50, 100), (3, 100, 150)])
def test_a_good_release_drops_no_request(platform: Platform, desired: int, minimum: int, maximum: int) -> None:
    bounds = {"minimumHealthyPercent": minimum, "maximumPercent": maximum}
    platform.create(platform.define(VERSION="old"), desired, deploymentConfiguration=bounds)
    platform.steady()
    upper, lower, seen = desired * maximum // 100, -(-desired * minimum // 100), []
    with Load(platform.url) as load:
        started = platform.update(taskDefinition=platform.define(VERSION="new", BOOT_SECONDS=0.5))
        while platform.primary()["rolloutState"] == "IN_PROGRESS":
            service = platform.service()
            seen.append((service["runningCount"], service["runningCount"] + service["pendingCount"]))
        platform.steady()
    assert load.failures == 0, load.statuses
    assert load.bodies["new"] > 0
    assert load.bodies["old"] > 0
    assert min(running for running, _ in seen) >= lower
    assert max(total for _, total in seen) <= upper
    assert started["deployments"][0]["id"] == platform.primary()["id"]
    assert [item["stopCode"] for item in platform.tasks("STOPPED")] == ["ServiceSchedulerInitiated"] * desired
    assert [item["containers"][0]["exitCode"] for item in platform.tasks("STOPPED")] == [0] * desired


def test_slow_requests_end_before_their_task_does(platform: Platform) -> None:
    """The deregistration delay keeps a drained task alive while it still answers."""
    platform.set_deregistration_delay(40)
    platform.create(platform.define(VERSION="old", SLOW_SECONDS=2), 1)
    platform.steady()
    with Load(platform.url + "slow") as load:
        time.sleep(0.5)
        platform.update(taskDefinition=platform.define(VERSION="new", SLOW_SECONDS=2))
        until(lambda: platform.primary()["runningCount"] == 1)
        draining = until(lambda: [task for task in platform.tasks("STOPPED") if task["lastStatus"] != "STOPPED"])
        assert draining[0]["lastStatus"] == "DEACTIVATING"
        platform.steady()
    stopped = platform.tasks("STOPPED")[0]
    assert (stopped["stoppedAt"] - stopped["stoppingAt"]).total_seconds() >= 4
    assert load.failures == 0, load.statuses


def test_a_version_that_boots_slowly_gets_no_traffic_before_it_is_ready(platform: Platform) -> None:
    platform.create(platform.define(VERSION="old"))
    platform.steady()
    with Load(platform.url) as load:
        platform.update(taskDefinition=platform.define(VERSION="new", BOOT_SECONDS=6))
        until(lambda: platform.primary()["runningCount"] == 2)
        assert platform.primary()["rolloutState"] == "IN_PROGRESS"
        assert "new" not in load.bodies
        platform.steady()
    assert load.failures == 0, load.statuses
    assert load.bodies["new"] > 0


def test_without_grace_a_slow_version_is_killed_by_the_load_balancer(platform: Platform) -> None:
    platform.create(platform.define(BOOT_SECONDS=30), 1, healthCheckGracePeriodSeconds=0)
    stopped = until(lambda: platform.tasks("STOPPED"))
    assert stopped[0]["stoppedReason"] == f"Task failed ELB health checks in (target-group {platform.group})"
    assert stopped[0]["stopCode"] == "ServiceSchedulerInitiated"
    assert any("is unhealthy in (target-group" in event for event in platform.story())
    assert until(lambda: platform.primary()["failedTasks"])


def test_a_version_that_is_not_ready_is_rolled_back_by_the_breaker(platform: Platform) -> None:
    platform.create(platform.define(VERSION="good"), deploymentConfiguration=BREAKER)
    good = platform.steady()["deployments"][0]
    with Load(platform.url) as load:
        bad = platform.update(
            taskDefinition=platform.define(VERSION="bad", READY=500), healthCheckGracePeriodSeconds=20
        )["deployments"][0]["id"]
        until(lambda: any(item["rolloutState"] == "FAILED" for item in platform.service()["deployments"]))
        failed = next(item for item in platform.service()["deployments"] if item["id"] == bad)
        service = platform.steady()
    assert failed["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert load.failures == 0, load.statuses
    assert set(load.bodies) == {"good"}
    assert service["taskDefinition"] == good["taskDefinition"]
    newest, first = platform.history()
    assert newest["status"] == "ROLLBACK_SUCCESSFUL"
    assert newest["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert newest["deploymentCircuitBreaker"]["threshold"] == 3
    assert newest["deploymentCircuitBreaker"]["failureCount"] >= 3
    assert newest["rollback"]["serviceRevisionArn"] == first["targetServiceRevision"]["arn"]
    assert f"(service web) (deployment {bad}) deployment failed: tasks failed to start." in platform.story()
    assert f"(service web) rolling back to deployment {good['id']}." in platform.story()


def test_without_rollback_a_failed_deployment_stands_still(platform: Platform) -> None:
    platform.create(platform.define(VERSION="good"), deploymentConfiguration=NO_ROLLBACK)
    platform.steady()
    with Load(platform.url) as load:
        platform.update(taskDefinition=platform.define(VERSION="bad", READY=500), healthCheckGracePeriodSeconds=20)
        until(lambda: platform.primary()["rolloutState"] == "FAILED")
        started = sum("has started" in event for event in platform.story())
        time.sleep(3)
        assert sum("has started" in event for event in platform.story()) == started
    assert load.failures == 0, load.statuses
    assert platform.service()["runningCount"] >= 2
    assert platform.history()[0]["status"] == "STOPPED"


def test_a_first_deployment_that_fails_has_nothing_to_go_back_to(platform: Platform) -> None:
    platform.create(platform.define(command=["import sys; sys.exit(7)"]), deploymentConfiguration=BREAKER)
    until(lambda: platform.primary()["rolloutState"] == "FAILED")
    assert platform.history()[0]["status"] == "STOPPED"
    stopped = platform.tasks("STOPPED")[0]
    assert stopped["stopCode"] == "EssentialContainerExited"
    assert stopped["stoppedReason"] == "Essential container in task exited"
    assert stopped["containers"][0]["exitCode"] == 7


def test_an_image_that_does_not_exist_is_rolled_back(platform: Platform) -> None:
    platform.create(platform.define(VERSION="good"), deploymentConfiguration=BREAKER)
    platform.steady()
    with Load(platform.url) as load:
        platform.update(taskDefinition=platform.define(image="127.0.0.1:9/no/such:image"))
        until(lambda: platform.history()[0]["status"] == "ROLLBACK_SUCCESSFUL")
    assert load.failures == 0, load.statuses
    stopped = platform.tasks("STOPPED")[0]
    assert stopped["stopCode"] == "TaskFailedToStart"
    assert stopped["stoppedReason"].startswith("CannotPullContainerError: ")
    assert stopped["containers"][0]["reason"].startswith("CannotPullContainerError: ")
    assert "exitCode" not in stopped["containers"][0]


def test_a_version_that_dies_is_replaced_again_and_again(platform: Platform) -> None:
    """Dead after it served: the breaker does not see that, as on AWS."""
    platform.create(platform.define(LIFE_SECONDS=4), 1, deploymentConfiguration=BREAKER)
    until(lambda: platform.primary()["rolloutState"] == "COMPLETED")
    until(lambda: len(platform.tasks("STOPPED")) >= 2)
    stopped = platform.tasks("STOPPED")[0]
    assert stopped["containers"][0]["exitCode"] == 3
    assert platform.output(stopped["taskArn"])[-1] == "dying"
    until(lambda: platform.service()["runningCount"] == 1)


def test_stop_with_rollback_in_the_middle(platform: Platform) -> None:
    platform.create(platform.define(VERSION="good"))
    good = platform.steady()["deployments"][0]
    with Load(platform.url) as load:
        platform.update(taskDefinition=platform.define(VERSION="bad", READY=500))
        until(lambda: platform.primary()["runningCount"] == 2)
        arn = platform.service()["currentServiceDeployment"]
        assert platform.ecs.stop_service_deployment(serviceDeploymentArn=arn)["serviceDeploymentArn"] == arn
        assert platform.history()[0]["status"].startswith("ROLLBACK_")
        service = platform.steady()
    assert load.failures == 0, load.statuses
    assert set(load.bodies) == {"good"}
    assert service["deployments"][0]["taskDefinition"] == good["taskDefinition"]
    assert [item["status"] for item in platform.history()] == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]
    with pytest.raises(ClientError, match="ConflictException"):
        platform.ecs.stop_service_deployment(serviceDeploymentArn=arn)


def test_stop_of_a_first_deployment(platform: Platform) -> None:
    platform.create(platform.define(READY=500))
    arn = platform.service()["currentServiceDeployment"]
    with pytest.raises(ClientError, match="cannot be rolled back"):
        platform.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    platform.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ABORT")
    assert platform.history()[0]["status"] == "STOPPED"
    assert platform.primary()["rolloutState"] == "FAILED"


def test_a_newer_release_supersedes(platform: Platform) -> None:
    platform.create(platform.define(VERSION="one"))
    platform.steady()
    with Load(platform.url) as load:
        platform.update(taskDefinition=platform.define(VERSION="two", READY=500))
        until(lambda: platform.primary()["runningCount"] == 2)
        platform.update(taskDefinition=platform.define(VERSION="three"))
        platform.steady()
    assert load.failures == 0, load.statuses
    assert set(load.bodies) == {"one", "three"}
    newest, superseded, _ = platform.history()
    assert (newest["status"], superseded["status"]) == ("SUCCESSFUL", "STOPPED")
    assert "new service deployment was started" in superseded["statusReason"]
    assert len(newest["sourceServiceRevisions"]) == 2


def test_scaling_during_a_deployment(platform: Platform) -> None:
    platform.create(platform.define(VERSION="old"), 2)
    platform.steady()
    with Load(platform.url) as load:
        new = platform.define(VERSION="new", BOOT_SECONDS=2)
        platform.update(taskDefinition=new)
        deployment = platform.primary()["id"]
        platform.update(desiredCount=4)
        until(lambda: platform.service()["runningCount"] >= 4)
        platform.update(desiredCount=1)
        service = platform.steady()
    assert load.failures == 0, load.statuses
    assert service["deployments"][0]["id"] == deployment
    assert len(platform.tasks()) == 1


def test_zero_and_back(platform: Platform) -> None:
    platform.create(platform.define(), 0)
    platform.steady()
    platform.update(desiredCount=2)
    assert platform.primary()["rolloutState"] == "COMPLETED", "scaling starts no deployment"
    until(lambda: platform.service()["runningCount"] == 2)
    platform.update(desiredCount=0)
    until(lambda: not platform.containers())
    platform.update(taskDefinition=platform.define())
    platform.steady()
    platform.ecs.delete_service(cluster=platform.cluster, service="web")
    until(lambda: platform.service()["status"] == "INACTIVE")


def test_delete_by_force_drains_first(platform: Platform) -> None:
    platform.create(platform.define())
    platform.steady()
    with pytest.raises(ClientError, match="scaled above 0"):
        platform.ecs.delete_service(cluster=platform.cluster, service="web")
    deleted = platform.ecs.delete_service(cluster=platform.cluster, service="web", force=True)["service"]
    assert deleted["status"] == "DRAINING"
    until(lambda: platform.service()["status"] == "INACTIVE")
    until(lambda: not platform.containers())
    health = platform.elb.describe_target_health(TargetGroupArn=platform.group)["TargetHealthDescriptions"]
    assert health == []
    platform.create(platform.define())
    platform.steady()


@pytest.mark.parametrize("act", ["kill", "remove"])
def test_a_container_killed_by_hand_is_replaced(platform: Platform, act: str) -> None:
    platform.create(platform.define())
    platform.steady()
    victim = platform.containers()[0]
    victim.kill() if act == "kill" else victim.remove(force=True)
    stopped = until(lambda: platform.tasks("STOPPED"))[0]
    assert (stopped["stopCode"], stopped["containers"][0]["exitCode"]) == ("EssentialContainerExited", 137)
    until(lambda: len(platform.containers()) == 2 and platform.service()["runningCount"] == 2)
    assert platform.primary()["rolloutState"] == "COMPLETED"


def test_a_blocked_configuration_is_told(platform: Platform) -> None:
    bounds = {"minimumHealthyPercent": 100, "maximumPercent": 150}
    platform.create(platform.define(), 1, deploymentConfiguration=bounds)
    platform.steady()
    platform.update(forceNewDeployment=True)
    until(lambda: any("was unable to stop or start tasks during a deployment" in line for line in platform.story()))
    platform.update(deploymentConfiguration={"maximumPercent": 200})
    platform.steady()


def test_an_alarm_rolls_back(platform: Platform, sandbox: Any) -> None:
    cloudwatch = sandbox.client("cloudwatch")
    put_still_alarm(cloudwatch, platform.name)
    composite = f"{platform.name}-any"
    cloudwatch.put_composite_alarm(AlarmName=composite, AlarmRule=f"ALARM({platform.name})")
    alarms = {"alarmNames": [composite], "enable": True, "rollback": True}
    platform.create(platform.define(), deploymentConfiguration={"alarms": alarms})
    good = platform.steady()["taskDefinition"]
    platform.update(taskDefinition=platform.define(READY=500))
    cloudwatch.set_alarm_state(AlarmName=platform.name, StateValue="ALARM", StateReason="test")
    assert platform.steady()["taskDefinition"] == good
    newest = platform.history()[0]
    assert newest["status"] == "ROLLBACK_SUCCESSFUL"
    assert newest["alarms"]["status"] == "TRIGGERED"
    assert newest["alarms"]["triggeredAlarmNames"] == [composite]


def test_two_accounts_with_the_same_names(sandbox: Any, platform: Platform) -> None:
    twin = Platform(sandbox, "prod", platform.name)
    try:
        platform.create(platform.define(VERSION="dev"), 1)
        twin.create(twin.define(VERSION="prod"), 1)
        platform.steady()
        twin.steady()
        with Load(platform.url) as dev, Load(twin.url) as prod:
            time.sleep(1)
        assert set(dev.bodies) == {"dev"}
        assert set(prod.bodies) == {"prod"}
        twin.ecs.delete_service(cluster=twin.cluster, service="web", force=True)
        until(lambda: twin.service()["status"] == "INACTIVE")
        assert platform.service()["runningCount"] == 1
    finally:
        twin.remove()
