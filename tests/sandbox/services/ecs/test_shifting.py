# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Deployments that shift traffic, on real containers behind a real load balancer."""

import json
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.services.ecs.app import PORT, Load, Platform, put_still_alarm, until

ROLE = "arn:aws:iam::111111111111:role/infrastructure"


class Shifting(Platform):
    """A platform whose service has two target groups, a production rule and a test rule."""

    def __init__(self, sandbox: Any) -> None:
        super().__init__(sandbox)
        self._sandbox = sandbox
        group = self.elb.describe_target_groups(TargetGroupArns=[self.group])["TargetGroups"][0]
        kept = "Protocol Port VpcId TargetType HealthCheckPath HealthyThresholdCount UnhealthyThresholdCount"
        self.alternate = self.elb.create_target_group(
            Name=f"{self.name}-b",
            HealthCheckIntervalSeconds=10,
            HealthCheckTimeoutSeconds=9,
            **{key: group[key] for key in kept.split()},
        )["TargetGroups"][0]["TargetGroupArn"]
        attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": "5"}
        self.elb.modify_target_group_attributes(TargetGroupArn=self.alternate, Attributes=[attribute])
        (balancer,) = self.elb.describe_load_balancers(Names=[self.name])["LoadBalancers"]
        (listener,) = self.elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        self.listener = listener["ListenerArn"]
        self.production = self._rule(20, {"Field": "path-pattern", "Values": ["/*"]})
        header = {"HttpHeaderName": "x-test", "Values": ["1"]}
        self.test = self._rule(10, {"Field": "http-header", "HttpHeaderConfig": header})

    def _rule(self, priority: int, condition: dict[str, Any]) -> str:
        # Only groups that a rule names have their targets checked.
        groups = [{"TargetGroupArn": self.group, "Weight": 1}, {"TargetGroupArn": self.alternate, "Weight": 0}]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        made = self.elb.create_rule(
            ListenerArn=self.listener, Priority=priority, Conditions=[condition], Actions=[action]
        )
        return str(made["Rules"][0]["RuleArn"])

    @property
    def balancing(self) -> dict[str, Any]:
        advanced = {
            "alternateTargetGroupArn": self.alternate,
            "productionListenerRule": self.production,
            "testListenerRule": self.test,
            "roleArn": ROLE,
        }
        entry = {"targetGroupArn": self.group, "containerName": "app", "containerPort": PORT}
        return {"loadBalancers": [entry | {"advancedConfiguration": advanced}]}

    def begin(self, version: str, **configuration: Any) -> None:
        """Create the service with its first version, and wait for it."""
        self.create(
            self.define(VERSION=version), 2, balanced=False, deploymentConfiguration=configuration, **self.balancing
        )
        self.steady()

    def latest(self) -> dict[str, Any]:
        """The newest service deployment."""
        return self.history()[0]

    def status(self, wanted: str) -> dict[str, Any]:
        """Wait until the newest service deployment has that status; it."""
        return until(lambda: (found := self.latest())["status"] == wanted and found, what=wanted)  # type: ignore[no-any-return]

    def paused(self, *answered: str) -> str:
        """Wait for a hook that awaits an answer, another than those; its id."""

        def waiting() -> str:
            hooks = self.latest().get("lifecycleHookDetails", [])
            ids = [hook["hookId"] for hook in hooks if hook["status"] == "AWAITING_ACTION"]
            return next((each for each in ids if each not in answered), "")

        return str(until(waiting, what="a pause"))

    def answer(self, hook: str, action: str) -> None:
        self.ecs.continue_service_deployment(
            serviceDeploymentArn=self.latest()["serviceDeploymentArn"], hookId=hook, action=action
        )

    def weights(self, rule: str) -> dict[str, int]:
        (described,) = self.elb.describe_rules(RuleArns=[rule])["Rules"]
        groups = described["Actions"][0]["ForwardConfig"]["TargetGroups"]
        return {group["TargetGroupArn"]: group["Weight"] for group in groups}

    def listen(self) -> Callable[[], list[dict[str, Any]]]:
        """Send ECS's events to a queue from now on; what gives those of this cluster so far, oldest first."""
        queues, rules = self._sandbox.client("sqs"), self._sandbox.client("events")
        queue = queues.create_queue(QueueName=self.name)["QueueUrl"]
        arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = {"source": ["aws.ecs"], "detail": {"clusterArn": [self.cluster]}}
        rules.put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        rules.put_targets(Rule=self.name, Targets=[{"Id": "queue", "Arn": arn}])
        received: list[dict[str, Any]] = []

        def heard() -> list[dict[str, Any]]:
            messages = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            received.extend(json.loads(message["Body"]) for message in messages)
            return received

        return heard

    def alarm(self) -> str:
        """The name of an alarm that SetAlarmState alone moves."""
        put_still_alarm(self._sandbox.client("cloudwatch"), self.name)
        return self.name

    def alarmed(self, state: str) -> None:
        """Move the alarm."""
        self._sandbox.client("cloudwatch").set_alarm_state(AlarmName=self.name, StateValue=state, StateReason="test")

    def versions(self, count: int = 20, *, tested: bool = False) -> Counter[str]:
        """Which versions answer, to test requests or to everybody's."""
        headers = {"x-test": "1"} if tested else {}
        seen: Counter[str] = Counter()
        for _ in range(count):
            request = urllib.request.Request(self.url, headers=headers)  # noqa: S310 - http only
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - http only
                seen[answer.read().decode()] += 1
        return seen


@pytest.fixture
def platform(sandbox: Any) -> Iterator[Shifting]:
    made = Shifting(sandbox)
    yield made
    made.remove()


def pause(*stages: str, minutes: int = 100) -> dict[str, Any]:
    timeout = {"timeoutInMinutes": minutes, "action": "ROLLBACK"}
    return {"targetType": "PAUSE", "lifecycleStages": [*stages], "timeoutConfiguration": timeout}


def test_a_canary_goes_step_by_step_and_drops_no_request(platform: Shifting) -> None:
    platform.begin("old", strategy="ROLLING")
    canary = {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 0}
    hooks = [pause("PRE_PRODUCTION_TRAFFIC_SHIFT")]
    heard = platform.listen()
    with Load(platform.url) as load:
        platform.update(
            taskDefinition=platform.define(VERSION="new"),
            deploymentConfiguration={
                "strategy": "CANARY",
                "canaryConfiguration": canary,
                "lifecycleHooks": hooks,
                "bakeTimeInMinutes": 0,
            },
        )
        first = platform.paused()
        seen = platform.latest()
        assert seen["targetServiceRevision"]["requestedProductionTrafficWeight"] == 0
        assert seen["targetServiceRevision"]["requestedTestTrafficWeight"] == 100
        assert set(platform.versions(tested=True)) == {"new"}
        assert load.bodies["new"] == 0
        platform.answer(first, "CONTINUE")
        second = platform.paused(first)
        assert platform.weights(platform.production) == {platform.alternate: 10, platform.group: 90}
        assert platform.latest()["targetServiceRevision"]["requestedProductionTrafficWeight"] == 10
        until(lambda: load.bodies["new"])
        with pytest.raises(ClientError, match="Provided hookId is either completed"):
            platform.answer(first, "CONTINUE")
        platform.answer(second, "CONTINUE")
        done = platform.status("SUCCESSFUL")
        assert set(platform.versions()) == {"new"}
        platform.steady()
        told = until(lambda: len(heard()) >= 6 and heard())[:6]
        # Back to ROLLING: the new tasks replace those that serve where those serve, in the alternate target group.
        rolling = {"strategy": "ROLLING", "lifecycleHooks": []}
        platform.update(taskDefinition=platform.define(VERSION="rolled"), deploymentConfiguration=rolling)
        assert platform.steady()["deploymentConfiguration"].keys().isdisjoint({"canaryConfiguration"})
        assert set(platform.versions()) == {"rolled"}
        assert platform.weights(platform.production) == {platform.alternate: 100, platform.group: 0}
    assert load.failures == 0, load.statuses
    assert [event["detail"]["eventName"] for event in told] == [
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        *["HOOK_AWAITING_ACTION", "HOOK_SUCCEEDED"] * 2,
        "SERVICE_DEPLOYMENT_COMPLETED",
    ]
    pause_told, deployed = told[1], told[-1]
    assert pause_told["detail-type"] == "ECS Hook State Change"
    assert pause_told["resources"] == [pause_told["detail"]["serviceDeploymentArn"]] == [done["serviceDeploymentArn"]]
    assert pause_told["detail"]["hookId"] == first
    assert pause_told["detail"]["lifecycleStage"] == "PRE_PRODUCTION_TRAFFIC_SHIFT"
    assert set(pause_told["detail"]) >= {"eventType", "hookType", "expiresAt", "serviceArn", "updatedAt"}
    assert deployed["detail-type"] == "ECS Deployment State Change"
    assert deployed["resources"] == [done["serviceArn"]]
    assert deployed["detail"]["reason"] == f"ECS deployment {deployed['detail']['deploymentId']} completed."
    assert done["lifecycleStage"] == "CLEAN_UP"
    assert [hook["status"] for hook in done["lifecycleHookDetails"]] == ["SUCCEEDED", "SUCCEEDED"]
    revision = platform.ecs.describe_service_revisions(serviceRevisionArns=[done["targetServiceRevision"]["arn"]])[
        "serviceRevisions"
    ][0]
    used = revision["resolvedConfiguration"]["loadBalancers"]
    assert used == [{"targetGroupArn": platform.alternate, "productionListenerRule": platform.production}]


def test_a_hook_that_says_rollback_gives_all_traffic_back_at_once(platform: Shifting) -> None:
    hooks = [pause("POST_PRODUCTION_TRAFFIC_SHIFT")]
    shifting = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}
    platform.begin("old", **shifting)
    assert platform.weights(platform.production) == {platform.group: 100, platform.alternate: 0}
    with Load(platform.url) as load:
        platform.update(
            taskDefinition=platform.define(VERSION="new"),
            deploymentConfiguration=shifting | {"lifecycleHooks": hooks},
        )
        hook = platform.paused()
        assert set(platform.versions()) == {"new"}
        platform.answer(hook, "ROLLBACK")
        until(lambda: platform.weights(platform.production) == {platform.group: 100, platform.alternate: 0})
        # The old tasks never went away, so that nobody waits for them.
        assert set(platform.versions()) == {"old"}
        undone = platform.status("ROLLBACK_SUCCESSFUL")
        platform.steady()
    assert load.failures == 0, load.statuses
    assert "lifecycle hook" in undone["rollback"]["reason"]
    assert undone["targetServiceRevision"]["requestedProductionTrafficWeight"] == 0
    assert undone["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"] == 100
    assert set(platform.versions(tested=True)) == {"old"}


def test_what_nobody_answers_is_rolled_back_and_what_is_stopped_too(platform: Shifting) -> None:
    shifting = {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 0}}
    platform.begin("old", **shifting)
    hooks = [pause("POST_TEST_TRAFFIC_SHIFT", minutes=1)]
    new = platform.define(VERSION="new")
    platform.update(taskDefinition=new, deploymentConfiguration=shifting | {"lifecycleHooks": hooks})
    undone = platform.status("ROLLBACK_SUCCESSFUL")
    assert [hook["status"] for hook in undone["lifecycleHookDetails"]] == ["TIMED_OUT"]
    assert set(platform.versions()) == {"old"}
    hooks = [pause("PRE_PRODUCTION_TRAFFIC_SHIFT")]
    platform.update(taskDefinition=new, deploymentConfiguration=shifting | {"lifecycleHooks": hooks})
    first = platform.paused()
    platform.answer(first, "CONTINUE")
    platform.paused(first)
    assert set(platform.weights(platform.production).values()) == {50}
    platform.ecs.stop_service_deployment(serviceDeploymentArn=platform.latest()["serviceDeploymentArn"])
    platform.status("ROLLBACK_SUCCESSFUL")
    assert set(platform.versions()) == {"old"}
    platform.steady()


def test_an_alarm_gives_all_traffic_back_while_it_shifts_and_while_it_bakes(platform: Shifting) -> None:
    alarms = {"alarmNames": [platform.alarm()], "enable": True, "rollback": True}
    shifting = {"strategy": "CANARY", "bakeTimeInMinutes": 100, "alarms": alarms}
    canary = {"canaryConfiguration": {"canaryPercent": 50.0, "canaryBakeTimeInMinutes": 100}}
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    heard = platform.listen()
    platform.begin("old", strategy="BLUE_GREEN", bakeTimeInMinutes=0)
    new = platform.define(VERSION="new")
    for share, configuration in ((50, shifting | canary), (100, shifting | breaker | {"strategy": "BLUE_GREEN"})):
        platform.alarmed(state="OK")
        platform.update(taskDefinition=new, deploymentConfiguration=configuration)
        until(lambda share=share: platform.weights(platform.production)[platform.alternate] == share)
        platform.alarmed(state="ALARM")
        undone = platform.status("ROLLBACK_SUCCESSFUL")
        assert undone["alarms"]["triggeredAlarmNames"] == [platform.name]
        assert undone["rollback"]["reason"] == "Service deployment rolled back because an alarm was triggered."
        assert platform.weights(platform.production) == {platform.group: 100, platform.alternate: 0}
        assert set(platform.versions()) == {"old"}
        platform.steady()
    # A failure is told where the circuit breaker is on, and the deployment that is gone back to each time.
    begun, done = "SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED"
    wanted = [begun, done, begun, begun, done, begun, "SERVICE_DEPLOYMENT_FAILED", begun, done]
    told = until(lambda: len(heard()) >= len(wanted) and heard())
    assert [event["detail"]["eventName"] for event in told] == wanted
    assert told[6]["detail"]["eventType"] == "ERROR"
    assert "rolling back to deploymentId" in told[7]["detail"]["reason"]


def test_rules_that_are_not_as_they_must_be_undo_a_deployment(platform: Shifting) -> None:
    shifting = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}
    platform.begin("old", **shifting)
    halves = [{"TargetGroupArn": arn, "Weight": 50} for arn in (platform.group, platform.alternate)]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": halves}}
    platform.elb.modify_rule(RuleArn=platform.production, Actions=[action])
    new = platform.define(VERSION="new")
    platform.update(taskDefinition=new, deploymentConfiguration=shifting)
    undone = platform.status("ROLLBACK_SUCCESSFUL")
    assert "should have exactly one target group serving traffic but found 2" in undone["statusReason"]
    assert len(platform.tasks()) == 2
    # No task of the new version was started. One of the old may have been replaced on a busy machine.
    assert new not in [task["taskDefinitionArn"] for task in platform.tasks("STOPPED")]


def test_a_newer_release_takes_the_place_of_one_that_is_shifting(platform: Shifting) -> None:
    shifting = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}
    platform.begin("old", **shifting)
    hooks = [pause("POST_PRODUCTION_TRAFFIC_SHIFT")]
    platform.update(
        taskDefinition=platform.define(VERSION="middle"), deploymentConfiguration=shifting | {"lifecycleHooks": hooks}
    )
    platform.paused()
    platform.update(
        taskDefinition=platform.define(VERSION="new"), deploymentConfiguration=shifting | {"lifecycleHooks": []}
    )
    platform.status("SUCCESSFUL")
    assert set(platform.versions()) == {"new"}
    statuses = [item["status"] for item in platform.history()]
    assert statuses == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


def test_a_version_that_cannot_start_gets_no_traffic(platform: Shifting) -> None:
    shifting = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}
    breaker = {"enable": True, "rollback": True}
    platform.begin("old", **shifting)
    platform.update(
        taskDefinition=platform.define_raw([platform.container(VERSION="bad", command=["raise SystemExit(3)"])]),
        deploymentConfiguration=shifting | {"deploymentCircuitBreaker": breaker},
    )
    platform.status("ROLLBACK_SUCCESSFUL")
    assert platform.weights(platform.production) == {platform.group: 100, platform.alternate: 0}
    assert set(platform.versions()) == {"old"}
