# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is pushed is deployed: the pipelines of dev and prod as their role makes them, with our own deploy in CodeBuild.

Nothing is replaced by something cheaper: ansible-builder makes the execution environment, the service's real images are
published and promoted, and the gates ask the service in containers. The sandbox enforces IAM, and each playbook runs as
its role. It takes minutes, so it is no part of `make test`: `make pipeline` runs it.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import httpx
import pytest

from demo import roles
from demo.environment import running_image
from demo.labels import labels
from demo.platform import Platform
from demo.tokens import Issuer, provide_token_of_gates
from sandbox.wait import until

ROOT = Path(__file__).resolve().parents[2]
BASE_IMAGE = "fastbreak-sandbox/base:trixie"
EXECUTION_ENVIRONMENT = "1"
PIPELINES = re.compile(r":assumed-role/fastbreak-dev-(codepipeline-|deploy/|deployer/)")
"""Sessions of the pipeline's roles, of its builds, and of what these deploy with."""
SECONDS = 1500
"""How long a busy machine may take for a deploy."""


def command(*words: str, **variables: str) -> str:
    """Run a command of ours from the clone to its end; what it said."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Release:
    tag: str
    digest: str


class Account:
    """An environment whose releases a pipeline deploys."""

    def __init__(self, name: str, sandbox: str, inventories: Path) -> None:
        self.name, self._inventory, self._sandbox = name, inventories / name, sandbox
        exported = command("sandbox", "env", name, "--name", sandbox)
        self.variables = dict(re.findall(r"^export (\w+)=['\"]?(.*?)['\"]?$", exported, re.MULTILINE))
        self.platform = Platform.connect(name, self.variables)
        self.api = self.platform.client("codepipeline")

    @property
    def pipeline(self) -> str:
        return f"fastbreak-{self.name}"

    def play(self, playbook: str, **extra: Any) -> str:
        ours = {"FASTBREAK_BASE_IMAGE": BASE_IMAGE, "ANSIBLE_NOCOLOR": "1"}
        words = ("ansible", "playbook", "-i", str(self._inventory), playbook, "-e", json.dumps(extra))
        session = roles.credentials(self.platform.client("sts"), self.name, playbook)
        return command(*words, **{**self.variables, **session, **ours})

    def publish(self, folder: Path, **extra: Any) -> Release:
        report = folder / f"{uuid.uuid4().hex}.json"
        ours = {"publish_report": str(report), "publish_labels": dict(labels(self._sandbox))}
        self.play("playbooks/publish.yml", publish_source=str(ROOT / "service"), **ours, **extra)
        said = json.loads(report.read_text(encoding="utf-8"))
        return Release(said["tag"], said["digest"])

    def push_execution_environment(self, image: str) -> None:
        login = self.platform.client("ecr").get_authorization_token()["authorizationData"][0]
        name = f"{login['proxyEndpoint'].partition('://')[2]}/fastbreak/execution-environment"
        user, _colon, password = base64.b64decode(login["authorizationToken"]).decode().partition(":")
        engine = docker.from_env(timeout=300)
        try:
            engine.images.get(image).tag(name, EXECUTION_ENVIRONMENT)
            credentials = {"username": user, "password": password}
            pushing = engine.images.push(
                name, tag=EXECUTION_ENVIRONMENT, stream=True, decode=True, auth_config=credentials
            )
            assert [line for line in pushing if "error" in line] == []
            engine.images.remove(f"{name}:{EXECUTION_ENVIRONMENT}")
        finally:
            engine.close()

    def execution(self, tag: str) -> str:
        """The newest execution that is about the tag."""

        def look() -> str:
            for summary in self.api.list_pipeline_executions(pipelineName=self.pipeline)["pipelineExecutionSummaries"]:
                identifier = str(summary["pipelineExecutionId"])
                if self._execution(identifier)["variables"][0]["resolvedValue"] == tag:
                    return identifier
            return ""

        found = until(look, SECONDS, pause=0.5)
        assert found, f"nothing was started for {tag}"
        return found

    def _execution(self, identifier: str) -> Any:
        return self.api.get_pipeline_execution(pipelineName=self.pipeline, pipelineExecutionId=identifier)[
            "pipelineExecution"
        ]

    def ended(self, identifier: str) -> str:
        until(lambda: self._execution(identifier)["status"] != "InProgress", SECONDS, pause=0.5)
        return str(self._execution(identifier)["status"])

    def stages(self, identifier: str) -> dict[str, str]:
        """How each stage of an execution ended."""
        states = self.api.get_pipeline_state(name=self.pipeline)["stageStates"]
        newest = {state["stageName"]: state.get("latestExecution", {}) for state in states}
        return {name: run["status"] for name, run in newest.items() if run.get("pipelineExecutionId") == identifier}

    def log(self, identifier: str) -> str:
        """What the execution's build wrote."""
        actions = self.api.list_action_executions(
            pipelineName=self.pipeline, filter={"pipelineExecutionId": identifier}
        )["actionExecutionDetails"]
        [deploy] = [action for action in actions if action["actionName"] == "Deploy"]
        build = deploy["output"]["executionResult"]["externalExecutionId"]
        [found] = self.platform.client("codebuild").batch_get_builds(ids=[build])["builds"]
        where = {"logGroupName": found["logs"]["groupName"], "logStreamName": found["logs"]["streamName"]}
        events = self.platform.client("logs").get_log_events(**where, startFromHead=True)["events"]
        return "\n".join(event["message"] for event in events)

    def subscribe(self) -> str:
        """A queue that hears what the topic of deploys says; its address."""
        sqs, topic = self.platform.client("sqs"), self.platform.outputs("codepipeline")["ReleasesTopicArn"]
        queue = sqs.create_queue(QueueName="deploys")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        hears = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [hears]})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
        raw = {"RawMessageDelivery": "true"}
        self.platform.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
        return str(queue)

    def asked(self, queue: str, identifier: str) -> dict[str, Any]:
        """The message that asks for the execution's approval."""
        sqs, heard = self.platform.client("sqs"), list[Any]()

        def look() -> Any:
            for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                heard.append(json.loads(message["Body"]))
            waiting = self.stages(identifier).get("Approve") == "InProgress"
            return waiting and [message for message in heard if "approval" in message]

        [message] = until(look, SECONDS, pause=0.5) or [{}]
        return dict(message.get("approval", {}))

    def answer(self, token: str, status: str) -> None:
        self.api.put_approval_result(
            pipelineName=self.pipeline,
            stageName="Approve",
            actionName="Approve",
            token=token,
            result={"status": status, "summary": "tried"},
        )


@pytest.fixture(scope="module")
def inventories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those of the clone, with a pipeline in each."""
    folder = tmp_path_factory.mktemp("pipeline") / "inventories"
    shutil.copytree(ROOT / "inventories", folder, symlinks=True)
    for path in folder.glob("*/group_vars/all/10_environment.yml"):
        text = path.read_text(encoding="utf-8")
        tag = 'codepipeline_execution_environment_tag: ""'
        assert tag in text
        switched = text.replace(tag, f'codepipeline_execution_environment_tag: "{EXECUTION_ENVIRONMENT}"')
        path.write_text(f"{switched}\nfastbreak_deployed_by: codepipeline\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    name = f"pipeline-{uuid.uuid4().hex[:8]}"
    command("sandbox", "up", "--name", name, AUTH="true")
    yield name
    command("sandbox", "down", "--name", name)


@pytest.fixture(scope="module")
def execution_environment(sandbox: str, inventories: Path) -> Iterator[str]:
    tag = f"fastbreak/execution-environment:{sandbox}"
    words = ("--tag", tag, "--base-image", BASE_IMAGE, "--inventories", str(inventories), "--local-collections")
    command("tools.execution_environment", *words)
    yield tag
    engine = docker.from_env()
    engine.images.remove(tag, force=True)
    engine.close()


def provisioned(name: str, sandbox: str, inventories: Path, image: str) -> Account:
    account = Account(name, sandbox, inventories)
    # The roles of pipeline and build are under the boundary that it makes, and can do nothing without.
    account.play("playbooks/bootstrap.yml")
    account.play("site.yml")
    account.push_execution_environment(image)
    return account


@pytest.fixture(scope="module")
def dev(sandbox: str, inventories: Path, execution_environment: str) -> Account:
    return provisioned("dev", sandbox, inventories, execution_environment)


@pytest.fixture(scope="module")
def good(dev: Account, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release that was pushed to dev."""
    return dev.publish(tmp_path_factory.mktemp("published"))


def test_what_is_pushed_to_dev_is_deployed_by_its_digest(dev: Account, good: Release) -> None:
    execution = dev.execution(good.tag)
    assert dev.ended(execution) == "Succeeded", dev.log(execution)
    assert running_image(dev.platform).endswith(good.digest)
    assert dev.stages(execution) == {"Source": "Succeeded", "Deploy": "Succeeded"}


def test_a_deploy_that_its_gates_refuse_fails_the_stage(dev: Account, good: Release, tmp_path: Path) -> None:
    fault = {"publish_version": "0.1.1", "publish_dockerfile": "service/faults/analysis-500/Dockerfile"}
    bad = dev.publish(tmp_path, **fault, publish_base=good.tag)
    execution = dev.execution(bad.tag)
    assert dev.ended(execution) == "Failed"
    assert dev.stages(execution) == {"Source": "Succeeded", "Deploy": "Failed"}
    assert "rolled back" in dev.log(execution)
    assert running_image(dev.platform).endswith(good.digest)


def test_prod_deploys_what_was_promoted_once_somebody_approves(
    dev: Account, good: Release, sandbox: str, inventories: Path, execution_environment: str
) -> None:
    assert dev.ended(dev.execution(good.tag)) == "Succeeded"
    # Its tasks would take the processor from prod's.
    cluster = dev.platform.outputs("ecs")["ClusterName"]
    dev.platform.client("ecs").delete_service(cluster=cluster, service="inference", force=True)
    prod = provisioned("prod", sandbox, inventories, execution_environment)
    provide_token_of_gates(Issuer.connect(prod.variables), prod.platform)
    queue = prod.subscribe()
    prod.play("playbooks/promote.yml", version=good.tag)
    first = prod.execution(good.tag)
    asked = prod.asked(queue, first)
    for what in (good.tag, good.digest, "HTTP and the gates that it was promoted by"):
        assert what in asked["customData"]
    prod.answer(asked["token"], "Rejected")
    assert prod.ended(first) == "Failed"
    assert prod.stages(first) == {"Source": "Succeeded", "Approve": "Failed"}
    cluster = prod.platform.outputs("ecs")["ClusterName"]
    assert prod.platform.client("ecs").list_services(cluster=cluster)["serviceArns"] == []

    revision = {"actionName": "Image", "revisionType": "IMAGE_DIGEST", "revisionValue": good.digest}
    again = prod.api.start_pipeline_execution(
        name=prod.pipeline, sourceRevisions=[revision], variables=[{"name": "release", "value": good.tag}]
    )["pipelineExecutionId"]
    prod.answer(prod.asked(queue, again)["token"], "Approved")
    assert prod.ended(again) == "Succeeded", prod.log(again)
    assert running_image(prod.platform).endswith(good.digest)

    # The build is outside the network: a task asked before users came, and read the token's secret by its own role.
    checks = httpx.get(f"{prod.platform.endpoint_url}/_sandbox/iam/checks", timeout=60).json()
    reads = [check for check in checks if "fastbreak-prod-service-ProbeRole-" in check["principal"]]
    assert {(check["action"], check["allowed"]) for check in reads} == {("secretsmanager:GetSecretValue", True)}


def test_no_role_of_a_pipeline_was_refused(dev: Account, good: Release) -> None:
    assert dev.ended(dev.execution(good.tag)) == "Succeeded"
    checks = httpx.get(f"{dev.platform.endpoint_url}/_sandbox/iam/checks", timeout=60).json()
    own = [check for check in checks if PIPELINES.search(check["principal"])]
    assert own
    assert [check for check in own if not check["allowed"]] == []
