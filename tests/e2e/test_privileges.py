# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Least privilege under enforced IAM: what each principal is refused, and that its verbs need what it has.

The demo has run each verb as its own role before.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

import boto3
import docker
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from demo import roles
from demo.platform import Platform
from tests import recorded_calls
from tests.e2e.conftest import Run, environment_of, run_playbook
from tests.e2e.forbidden import CODES, RESOURCES, Forbidden, Names, calls
from tests.e2e.test_main_job import eventually

Credentials = dict[str, str]
DEFINITION = "fastbreak-dev-inference"
# Ends at once when it is told to.
WAIT = ["sh", "-c", "trap exit TERM; while :; do sleep 1; done"]


@pytest.fixture(scope="module")
def platforms(finished: Run, sandbox_name: str) -> dict[str, Platform]:
    """Both environments, with an administrator's rights."""
    assert finished.code == 0, finished.text
    return {name: Platform.connect(name, environment_of(name, sandbox_name)) for name in ("dev", "prod")}


@pytest.fixture(scope="module")
def own_tasks() -> set[str]:
    """Identifiers of the tasks that the tests have started."""
    return set()


@pytest.fixture(scope="module")
def principals(platforms: dict[str, Platform], sandbox_name: str, own_tasks: set[str]) -> dict[str, Credentials]:
    """Credentials of each principal, as whoever has them gets them."""
    switched = run_playbook("dev", sandbox_name, "site.yml", "--limit", "iam", "-e", '{"iam_ci_user": true}')
    assert switched.returncode == 0, switched.stdout
    dev, prod = platforms["dev"], platforms["prod"]
    key = dev.client("iam").create_access_key(UserName="fastbreak-dev-ci")["AccessKey"]
    user = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return {
        "user": user,
        "ci": assumed(client(dev, "sts", user), "dev", "ci"),
        **{role: assumed(dev.client("sts"), "dev", role) for role in ("planner", "deployer", "provisioner")},
        "promoter": assumed(prod.client("sts"), "prod", "promoter"),
        **of_tasks(dev, own_tasks),
    }


def client(platform: Platform, service: str, credentials: Credentials) -> Any:
    make: Any = boto3.client
    config = Config(retries={"max_attempts": 0}, parameter_validation=True)
    return make(service, region_name="us-east-1", endpoint_url=platform.endpoint_url, config=config, **credentials)


def assumed(sts: Any, environment: str, role: str) -> Credentials:
    given = roles.session(sts, environment, role, recorded_calls.FORBIDDEN)
    return {name.lower(): text for name, text in given.items()}


def of_tasks(dev: Platform, own: set[str]) -> dict[str, Credentials]:
    """What tasks find in their environment: with the role of the service's tasks, and run with another one."""
    outputs, network, ecs = dev.outputs("service"), dev.outputs("network"), dev.client("ecs")
    described = ecs.describe_task_definition(taskDefinition=DEFINITION)["taskDefinition"]
    waiting = [{"name": described["containerDefinitions"][0]["name"], "command": WAIT}]
    outputs_of = {
        "task": "TaskRoleArn",
        "worker": "WorkerRoleArn",
        "migration": "MigrationRoleArn",
        "execution": "ExecutionRoleArn",
    }
    placed = {
        "subnets": network["PrivateSubnetIds"].split(","),
        "securityGroups": [network["TaskSecurityGroupId"]],
    }
    started = {
        who: ecs.run_task(
            cluster="fastbreak-dev",
            taskDefinition=DEFINITION,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": placed},
            overrides={"taskRoleArn": outputs[output], "containerOverrides": waiting},
        )["tasks"][0]["taskArn"]
        for who, output in outputs_of.items()
    }
    own |= {arn.rpartition("/")[2] for arn in started.values()}
    found: dict[str, Credentials] = {}
    with contextlib.ExitStack() as stack:
        for who, arn in started.items():
            stack.callback(ecs.stop_task, cluster="fastbreak-dev", task=arn)
            eventually(lambda: found.update({who: in_container(arn)}) or bool(found[who]))  # noqa: B023 - at once
    return found


def in_container(task: str) -> Credentials:
    """The credentials in the environment of a task's container; empty until there is one."""
    with contextlib.closing(docker.from_env()) as engine:
        label = f"com.amazonaws.ecs.task-arn={task}"
        listed = engine.containers.list(all=True, ignore_removed=True, filters={"label": label})
        variables = dict(word.split("=", 1) for container in listed for word in container.attrs["Config"]["Env"])
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return {name.lower(): variables[name] for name in names if name in variables}


def test_what_is_forbidden_is_refused(platforms: dict[str, Platform], principals: dict[str, Credentials]) -> None:
    dev, prod = Names.of(platforms["dev"]), Names.of(platforms["prod"])
    asked = calls(dev, prod)
    assert len(asked) >= 100
    assert {call.principal for call in asked} == set(principals)
    pairs = {(call.principal, call.service) for call in asked}
    clients = {pair: client(platforms["dev"], pair[1], principals[pair[0]]) for pair in pairs}
    answers = {str(call): answer(clients[call.principal, call.service], call) for call in asked}
    assert {call: said for call, said in answers.items() if said} == {}
    permitted = Forbidden("planner", "cloudformation", "describe_stacks", {"StackName": dev.stack("network")})
    assert answer(clients["planner", "cloudformation"], permitted) == "was allowed"


def answer(caller: Any, call: Forbidden) -> str:
    """Empty when the call was refused with AWS's code and names the action, else what came."""
    action = call.action or caller.meta.method_to_api_mapping[call.method]
    try:
        getattr(caller, call.method)(**call.arguments)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        refused = code == CODES.get(call.service, "AccessDenied") and action in message
        return "" if refused else f"{code}: {message}"
    return "was allowed"


def test_a_stack_makes_nothing_beyond_what_its_role_may(
    platforms: dict[str, Platform], principals: dict[str, Credentials]
) -> None:
    cloudformation = client(platforms["dev"], "cloudformation", principals["provisioner"])
    role = Names.of(platforms["dev"]).role("cloudformation")
    for action, resource in RESOURCES:
        name, template = "fastbreak-dev-forbidden", json.dumps({"Resources": {"Mine": resource}})
        cloudformation.create_stack(
            StackName=name, TemplateBody=template, RoleARN=role, Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        eventually(lambda: _status(cloudformation, name) == "ROLLBACK_COMPLETE")  # noqa: B023 - at once
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = " ".join(event.get("ResourceStatusReason", "") for event in events)
        assert f"AWSCloudFormation is not authorized to perform: {action} " in reasons, resource
        cloudformation.delete_stack(StackName=name)
        eventually(lambda: _status(cloudformation, name) == "")  # noqa: B023 - at once


def _status(cloudformation: Any, name: str) -> str:
    """A stack's status; empty when it is gone."""
    try:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        assert "does not exist" in str(error)  # noqa: PT017 - anything else is a fault
        return ""


def test_no_verb_and_no_task_was_refused(platforms: dict[str, Platform], own_tasks: set[str]) -> None:
    recorded_calls.hold(platforms["dev"].endpoint_url, own_tasks)


def test_the_environment_is_torn_down(
    platforms: dict[str, Platform], principals: dict[str, Credentials], sandbox_name: str, own_tasks: set[str]
) -> None:
    # A user with a key is not deleted, by AWS either.
    key = principals["user"]["aws_access_key_id"]
    platforms["dev"].client("iam").delete_access_key(UserName="fastbreak-dev-ci", AccessKeyId=key)
    # Nor is a cluster in which tasks run.
    waiter = platforms["dev"].client("ecs").get_waiter("tasks_stopped")
    waiter.wait(cluster="fastbreak-dev", tasks=sorted(own_tasks), WaiterConfig={"Delay": 1, "MaxAttempts": 180})
    gone = run_playbook("dev", sandbox_name, "playbooks/teardown.yml", "-e", "confirm=dev")
    assert gone.returncode == 0, gone.stdout
    # Tasks that end may ask for their secret until they have ended, when their role is gone.
    recorded_calls.hold(platforms["dev"].endpoint_url, own_tasks, recorded_calls.TASKS)
