# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A push of a release's tag goes all the way: event, rule, pipeline, approval, build in a container, with roles.

The pipeline is the one that the role codepipeline makes, its buildspec too. What the buildspec calls is a stand-in of a
few lines; the real one is tried in `tests/pipeline`.
"""

import base64
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template
from botocore.exceptions import ClientError

from sandbox.wait import until
from tests.sandbox.services.ecr.registry import Registry, push_image
from tests.sandbox.stacks import Stack, att, ref, stack_in, with_properties

TEMPLATE = Path(__file__).parents[4] / "roles" / "codepipeline" / "files" / "stack.yaml"
NAME = "fastbreak-releases"
PROJECT = f"{NAME}-deploy"
REPOSITORY = "releases/app"
EXECUTION_ENVIRONMENT = "stand-in"
SECONDS = 60
PARAMETERS = {
    "Environment": "releases",
    "DeployedBy": "codepipeline",
    "RepositoryName": REPOSITORY,
    "PermissionsBoundaryArn": "",
    "ExecutionEnvironmentTag": EXECUTION_ENVIRONMENT,
    "Approval": "true",
    "Gates": "the gates of the test",
    "TimeoutMinutes": "30",
    "LogRetentionDays": "1",
    "ArtifactDays": "1",
}
# What stands where the execution environment has Ansible: it says what it was told, and ends as the release's tag says.
DEPLOY = """#!/bin/sh
echo "deploying $FASTBREAK_RELEASE as $FASTBREAK_DIGEST: $*"
cat ~/.aws/credentials ~/.aws/config imageDetail.json
case "$FASTBREAK_RELEASE" in *slow) sleep 600 ;; *bad) exit 3 ;; esac
echo deployed
"""
RECIPE = """FROM fastbreak-sandbox/base:trixie
COPY ansible-playbook /usr/local/bin/ansible-playbook
"""


def template(**changed: dict[str, Any]) -> dict[str, Any]:
    """The role's template, with a repository and somebody who listens, and properties changed by logical id."""
    (_text, made) = read_template(str(TEMPLATE))
    resources = {
        **made["Resources"],
        "Repository": {
            "Type": "AWS::ECR::Repository",
            "Properties": {"RepositoryName": REPOSITORY, "EmptyOnDelete": True},
        },
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": ref("ReleasesTopic"), "Protocol": "sqs", "Endpoint": att("Queue", "Arn")},
        },
    }
    for name, properties in changed.items():
        resources = with_properties(resources, name, **properties)
    return {**made, "Resources": resources}


def apply(stack: Stack, verb: str, **changed: dict[str, Any]) -> str:
    """Create or update the stack; the status it ends in."""
    getattr(stack.api, f"{verb}_stack")(
        StackName=stack.name,
        TemplateBody=json.dumps(template(**changed)),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in PARAMETERS.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    return stack.settle()


class Releases:
    """The stack, and what a test asks of it."""

    def __init__(self, sandbox: Any, stack: Stack) -> None:
        self.sandbox, self.stack = sandbox, stack
        self.api, self.ecr = sandbox.client("codepipeline"), sandbox.client("ecr")
        self._layer = 0

    def push(self, tag: str, **more: Any) -> str:
        """Push an image of its own; its digest."""
        return push_image(Registry(self.ecr), self.ecr, REPOSITORY, tag, annotations={"tag": tag}, **more)

    def executions(self) -> list[Any]:
        return list(self.api.list_pipeline_executions(pipelineName=NAME)["pipelineExecutionSummaries"])

    def of(self, tag: str) -> str:
        """The execution that the tag's push started."""

        def look() -> str:
            for execution in self.executions():
                identifier = str(execution["pipelineExecutionId"])
                if self.execution(identifier)["variables"][0]["resolvedValue"] == tag:
                    return identifier
            return ""

        found = until(look, SECONDS, pause=0.05)
        assert found, f"nothing was started for {tag}"
        return found

    def execution(self, identifier: str) -> Any:
        return self.api.get_pipeline_execution(pipelineName=NAME, pipelineExecutionId=identifier)["pipelineExecution"]

    def ended(self, identifier: str) -> str:
        """The status that it ends in."""
        running = {"InProgress", "Stopping"}
        until(lambda: self.execution(identifier)["status"] not in running, SECONDS, pause=0.05)
        return str(self.execution(identifier)["status"])

    def stage(self, name: str) -> Any:
        states = self.api.get_pipeline_state(name=NAME)["stageStates"]
        return next(state for state in states if state["stageName"] == name)

    def token(self, identifier: str) -> str:
        """The token of the execution's approval, once it waits."""

        def look() -> str:
            state = self.stage("Approve")
            if state.get("latestExecution", {}).get("pipelineExecutionId") != identifier:
                return ""
            return str(state["actionStates"][0].get("latestExecution", {}).get("token", ""))

        found = until(look, SECONDS, pause=0.05)
        assert found, self.api.list_action_executions(pipelineName=NAME)["actionExecutionDetails"][0]
        return found

    def answer(self, token: str, status: str = "Approved") -> None:
        self.api.put_approval_result(
            pipelineName=NAME,
            stageName="Approve",
            actionName="Approve",
            token=token,
            result={"status": status, "summary": "as I say"},
        )

    def action(self, identifier: str, name: str) -> Any:
        """The newest run of an action in an execution."""
        found = self.api.list_action_executions(pipelineName=NAME, filter={"pipelineExecutionId": identifier})
        return next(item for item in found["actionExecutionDetails"] if item["actionName"] == name)

    def build(self, identifier: str) -> Any:
        build = self.action(identifier, "Deploy")["output"]["executionResult"]["externalExecutionId"]
        return self.sandbox.client("codebuild").batch_get_builds(ids=[build])["builds"][0]

    def log(self, build: Any) -> str:
        """What the build has written; nothing before its first line."""
        logs, client = build["logs"], self.sandbox.client("logs")
        try:
            events = client.get_log_events(
                logGroupName=logs["groupName"], logStreamName=logs["streamName"], startFromHead=True
            )["events"]
        except client.exceptions.ResourceNotFoundException:
            return ""
        return "\n".join(event["message"] for event in events)


def context() -> io.BytesIO:
    """What the stand-in's image is built from."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in (("Dockerfile", RECIPE), ("ansible-playbook", DEPLOY)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), 0o755
            archive.addfile(entry, io.BytesIO(text.encode()))
    packed.seek(0)
    return packed


def push_execution_environment(ecr: Any) -> None:
    login = ecr.get_authorization_token()["authorizationData"][0]
    name = f"{login['proxyEndpoint'].partition('://')[2]}/fastbreak/execution-environment"
    user, _colon, password = base64.b64decode(login["authorizationToken"]).decode().partition(":")
    engine, tag = docker.from_env(), f"{name}:{EXECUTION_ENVIRONMENT}"
    try:
        engine.images.build(fileobj=context(), custom_context=True, tag=tag, rm=True)
        credentials = {"username": user, "password": password}
        pushing = engine.images.push(name, tag=EXECUTION_ENVIRONMENT, stream=True, decode=True, auth_config=credentials)
        assert [line for line in pushing if "error" in line] == []
        engine.images.remove(tag)
    finally:
        engine.close()


@pytest.fixture(scope="module")
def releases(sandbox: Any) -> Iterator[Releases]:
    with stack_in(sandbox, "releases") as stack:
        assert apply(stack, "create") == "CREATE_COMPLETE", stack.reasons()
        push_execution_environment(sandbox.client("ecr"))
        yield Releases(sandbox, stack)
        bucket, s3 = stack.physical_id("ArtifactBucket"), sandbox.client("s3")
        for item in s3.list_object_versions(Bucket=bucket).get("Versions", []):
            s3.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])


def test_a_release_is_deployed_by_its_digest_once_somebody_approves(releases: Releases):
    for other in ("latest", "sha256-0000.sig", "1.2.3"):
        releases.push(other)
    digest = releases.push("1.0.0-abc1234")
    execution = releases.of("1.0.0-abc1234")
    releases.answer(releases.token(execution))
    assert releases.ended(execution) == "Succeeded"
    build = releases.build(execution)
    log = releases.log(build)
    told = f"-i /fastbreak/inventories/releases fastbreak.aws.deploy -e version={digest} -e deployed_by=codepipeline"
    assert f"deploying 1.0.0-abc1234 as {digest}: {told}" in log
    assert f'"ImageDigest": "{digest}"' in log, "the artifact of the source"
    assert log.endswith("deployed\n[Container] Phase BUILD complete, exit status 0")
    assert build["initiator"] == f"codepipeline/{NAME}"
    given = dict(line.split(" = ", 1) for line in log.splitlines() if " = " in line)
    account = releases.stack.describe()["StackId"].split(":")[4]
    assert given["role_arn"] == f"arn:aws:iam::{account}:role/fastbreak-releases-deployer"
    key, token = given["aws_access_key_id"], given["aws_session_token"]
    who = releases.sandbox.client("sts", access_key=key, session_token=token).get_caller_identity()["Arn"]
    assert "assumed-role/fastbreak-releases-deploy/AWSCodeBuild-" in who
    started = [item["trigger"]["triggerType"] for item in releases.executions()]
    assert started == ["CloudWatchEvent", "CreatePipeline"], "no other tag started anything"


def test_a_pipeline_that_is_made_runs_once_and_finds_no_image(releases: Releases):
    first = releases.executions()[-1]["pipelineExecutionId"]
    assert releases.ended(first) == "Failed"
    failed = releases.action(first, "Image")["output"]["executionResult"]["errorDetails"]
    assert "named-by-digest-only" in failed["message"]


def test_an_approval_shows_what_it_is_about_and_is_given_once(releases: Releases):
    digest = releases.push("1.1.0-abc1234")
    execution = releases.of("1.1.0-abc1234")
    token = releases.token(execution)
    message = asked(releases, execution)
    question = f"Deploy 1.1.0-abc1234 to releases? Digest {digest}. It is judged by the gates of the test."
    assert message["approval"]["customData"] == question
    assert message["approval"]["token"] == token
    assert refused(releases.answer, "00000000-0000-0000-0000-000000000000") == "InvalidApprovalTokenException"
    releases.answer(token, "Rejected")
    assert releases.ended(execution) == "Failed"
    assert releases.stage("Approve")["actionStates"][0]["latestExecution"]["summary"] == "as I say"
    assert refused(releases.answer, token) == "ApprovalAlreadyCompletedException"
    assert "latestExecution" in releases.stage("Deploy"), "of the release before"
    assert releases.stage("Deploy")["latestExecution"]["pipelineExecutionId"] != execution


def test_a_deploy_that_fails_fails_its_stage_and_can_be_tried_again(releases: Releases):
    releases.push("1.2.0-bad")
    execution = releases.of("1.2.0-bad")
    releases.answer(releases.token(execution))
    assert releases.ended(execution) == "Failed"
    assert releases.stage("Deploy")["latestExecution"]["status"] == "Failed"
    first = releases.build(execution)
    assert (first["buildStatus"], first["currentPhase"]) == ("FAILED", "COMPLETED")
    error = releases.action(execution, "Deploy")["output"]["executionResult"]["errorDetails"]
    assert error["code"] == "JobFailed"
    assert "Phase: BUILD, Code: COMMAND_EXECUTION_ERROR" in error["message"]
    assert "exit status 3" in error["message"]
    releases.api.retry_stage_execution(
        pipelineName=NAME, stageName="Deploy", pipelineExecutionId=execution, retryMode="FAILED_ACTIONS"
    )
    assert releases.ended(execution) == "Failed"
    assert releases.build(execution)["id"] != first["id"]


def test_executions_queue_and_one_is_stopped_while_it_deploys(releases: Releases):
    releases.push("1.3.0-slow")
    first = releases.of("1.3.0-slow")
    releases.push("1.4.0-abc1234")
    second = releases.of("1.4.0-abc1234")

    def queued() -> list[str]:
        return [item["pipelineExecutionId"] for item in releases.stage("Approve")["inboundExecutions"]]

    assert until(lambda: queued() == [second], SECONDS, pause=0.05), "the second waits behind the first's approval"
    releases.answer(releases.token(first))
    releases.answer(releases.token(second))
    assert until(lambda: releases.stage("Deploy").get("inboundExecutions"), SECONDS, pause=0.05)

    def stop(**options: Any) -> None:
        releases.api.stop_pipeline_execution(pipelineName=NAME, pipelineExecutionId=first, reason="wrong", **options)

    assert until(lambda: "deploying" in releases.log(releases.build(first)), SECONDS, pause=0.1)
    stop()
    assert releases.execution(first)["status"] == "Stopping"
    assert refused(stop) == "DuplicatedStopRequestException"
    stop(abandon=True)
    assert releases.execution(first)["status"] == "Stopped"
    assert releases.action(first, "Deploy")["status"] == "Abandoned"
    assert releases.ended(second) == "Succeeded"
    build = releases.build(first)
    assert build["buildStatus"] == "IN_PROGRESS", "what is abandoned is not ended"
    codebuild = releases.sandbox.client("codebuild")
    codebuild.stop_build(id=build["id"])
    assert until(lambda: releases.build(first)["buildComplete"], SECONDS, pause=0.05)
    assert releases.build(first)["buildStatus"] == "STOPPED"
    assert refused(stop) == "PipelineExecutionNotStoppableException"


def test_a_role_without_the_right_fails_the_action(releases: Releases):
    iam, name = releases.sandbox.client("iam"), releases.stack.physical_id("PipelineRole")
    statement = {"Effect": "Deny", "Action": "codebuild:StartBuild", "Resource": "*"}
    iam.put_role_policy(
        RoleName=name, PolicyName="deny", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    try:
        releases.push("1.5.0-abc1234")
        execution = releases.of("1.5.0-abc1234")
        releases.answer(releases.token(execution))
        assert releases.ended(execution) == "Failed"
        error = releases.action(execution, "Deploy")["output"]["executionResult"]["errorDetails"]
        assert error["code"] == "PermissionError"
        assert "is not authorized to perform: codebuild:StartBuild" in error["message"]
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="deny")


def test_stacks_change_pipelines_and_projects_and_see_their_drift(releases: Releases):
    releases.push("1.6.0-abc1234")
    execution = releases.of("1.6.0-abc1234")
    releases.token(execution)
    changed = {"Pipeline": {"ExecutionMode": "SUPERSEDED"}, "DeployProject": {"TimeoutInMinutes": 20}}
    assert apply(releases.stack, "update", **changed) == "UPDATE_COMPLETE", releases.stack.reasons()
    assert releases.ended(execution) == "Cancelled"
    assert releases.api.get_pipeline(name=NAME)["pipeline"]["executionMode"] == "SUPERSEDED"
    drift = releases.stack.drift()
    assert {drift[name] for name in ("Pipeline", "DeployProject")} == {"IN_SYNC"}
    codebuild = releases.sandbox.client("codebuild")
    codebuild.update_project(name=PROJECT, timeoutInMinutes=10)
    pipeline = releases.api.get_pipeline(name=NAME)["pipeline"]
    releases.api.update_pipeline(pipeline={**pipeline, "executionMode": "QUEUED"})
    drift = releases.stack.drift()
    assert {drift[name] for name in ("Pipeline", "DeployProject")} == {"MODIFIED"}
    assert releases.stack.drifted_properties("Pipeline") == ["/ExecutionMode"]
    assert releases.stack.drifted_properties("DeployProject") == ["/TimeoutInMinutes"]


def asked(releases: Releases, execution: str) -> Any:
    """The message that asks for the approval of an execution."""
    sqs, found = releases.sandbox.client("sqs"), []
    token, queue = releases.token(execution), releases.stack.physical_id("Queue")

    def look() -> bool:
        messages = sqs.receive_message(QueueUrl=queue).get("Messages", [])
        found.extend(json.loads(json.loads(message["Body"])["Message"]) for message in messages)
        return any(message.get("approval", {}).get("token") == token for message in found)

    assert until(look, SECONDS, pause=0.05)
    return next(message for message in found if message.get("approval", {}).get("token") == token)


def refused(call: Any, *arguments: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        call(*arguments)
    return str(refusal.value.response["Error"]["Code"])
