# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Actions that really do something: an image of ECR, a build of CodeBuild, an approval.

AWS: CodePipeline user guide, action structure references for Amazon ECR, AWS CodeBuild and manual approval; "JSON data
format for manual approval notifications".
"""

import io
import json
import secrets
import string
import time
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from sandbox import identity
from sandbox.clients import client
from sandbox.host import Sandbox
from sandbox.ministack import responses
from sandbox.services.codepipeline.model import declaration as declared
from sandbox.services.codepipeline.model import state
from sandbox.services.codepipeline.model.executions import ActionRun, Execution

_SERVICE = "codepipeline.amazonaws.com"
_LOOK_SECONDS = 0.1
_APPROVAL_MINUTES = 7 * 24 * 60
_LETTERS = string.ascii_letters + string.digits


class Failed(Exception):  # noqa: N818 - named after what happens to the action
    """The action failed; an error code of the API model's ErrorDetails, and words."""

    def __init__(self, code: str, message: str, summary: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.summary = code, message, summary


class Act:
    """One run of an action, as its provider sees it."""

    def __init__(self, sandbox: Sandbox, execution: Execution, run: ActionRun) -> None:
        self.sandbox, self.execution, self.run = sandbox, execution, run
        self.declared = declared.action(execution.pipeline, run.stage, run.name)
        self.configuration = run.configuration
        self.pipeline = str(execution.pipeline["name"])

    def may(self, action: str, resource: str, context: Mapping[str, Any] | None = None) -> None:
        """Failed unless the action's role, or the pipeline's, may do this."""
        role = str(self.declared.get("roleArn") or self.execution.pipeline["roleArn"])
        try:
            identity.require(role, _SERVICE, action, resource, context)
        except identity.NotAllowed as refusal:
            raise Failed("PermissionError", str(refusal)) from refusal

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in this account and region."""
        account, region = state.scope()
        return f"arn:aws:{service}:{region}:{account}:{resource}"


def ecr_source(act: Act) -> bool:
    """The image by the digest that the execution names, else by the action's tag; its details as artifact."""
    repository = act.configuration["RepositoryName"]
    tag = act.configuration.get("ImageTag") or "latest"
    revision = act.execution.revisions.get(act.run.name)
    wanted = {"imageDigest": revision["revisionValue"]} if revision else {"imageTag": tag}
    act.may("ecr:DescribeImages", act.arn("ecr", f"repository/{repository}"))
    try:
        found = client("ecr").describe_images(repositoryName=repository, imageIds=[wanted])["imageDetails"][0]
    except ClientError as error:
        raise Failed("ConfigurationError", error.response["Error"]["Message"]) from error
    digest = found["imageDigest"]
    account, region = state.scope()
    uri = f"{account}.dkr.ecr.{region}.amazonaws.com/{repository}@{digest}"
    act.run.variables = {
        "RegistryId": account,
        "RepositoryName": repository,
        **({} if revision else {"ImageTag": tag}),
        "ImageDigest": digest,
        "ImageURI": uri,
    }
    act.run.external_id, act.run.summary = digest, "" if revision else tag
    _store(act, "imageDetail.json", json.dumps({
        "ImageSizeInBytes": str(found.get("imageSizeInBytes", "")),
        "ImageDigest": digest,
        "Version": "1.0",
        "ImagePushedAt": str(found.get("imagePushedAt", "")),
        "RegistryId": account,
        "RepositoryName": repository,
        "ImageURI": uri,
        "ImageTags": found.get("imageTags", []),
    }))  # fmt: skip
    return True


def _store(act: Act, name: str, text: str) -> None:
    """Put each output artifact into the artifact store, with its key."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, text)
    store = act.execution.pipeline["artifactStore"]
    bucket, key = store["location"], (store.get("encryptionKey") or {}).get("id")
    stored = {}
    for artifact in act.declared.get("outputArtifacts") or []:
        letters = "".join(secrets.choice(_LETTERS) for _ in range(7))
        path = f"{act.pipeline[:20]}/{artifact['name'][:10]}/{letters}"
        act.may("s3:PutObject", f"arn:aws:s3:::{bucket}/{path}")
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}
        if key:
            act.may("kms:GenerateDataKey", key)
        try:
            client("s3").put_object(Bucket=bucket, Key=path, Body=content.getvalue(), **encryption)
        except ClientError as error:
            raise Failed("PermissionError", f"The artifact could not be stored: {error}") from error
        stored[artifact["name"]] = (bucket, path)
    act.run.artifacts = stored


def codebuild(act: Act) -> bool:
    """A build of the project, with the input artifact as source, until it has ended."""
    project = act.configuration["ProjectName"]
    for action in ("codebuild:StartBuild", "codebuild:BatchGetBuilds"):
        act.may(action, act.arn("codebuild", f"project/{project}"))
    api = client("codebuild")
    artifact = next(
        (
            run.artifacts[item["name"]]
            for item in act.declared.get("inputArtifacts") or []
            for run in act.execution.runs()
            if item["name"] in run.artifacts
        ),
        None,
    )
    source = {"sourceLocationOverride": "/".join(artifact)} if artifact else {}
    variables = json.loads(act.configuration.get("EnvironmentVariables") or "[]")
    try:
        identifier = api.start_build(
            projectName=project,
            sourceTypeOverride="CODEPIPELINE",
            sourceVersion=f"codepipeline/{act.pipeline}",
            environmentVariablesOverride=[{"type": "PLAINTEXT", **variable} for variable in variables],
            **source,
        )["build"]["id"]
    except ClientError as error:
        raise Failed("ConfigurationError", f"Error calling startBuild: {error}") from error
    act.run.external_id = identifier
    while (build := api.batch_get_builds(ids=[identifier])["builds"][0])["buildStatus"] == "IN_PROGRESS":
        time.sleep(_LOOK_SECONDS)
    act.run.variables = {"CODEBUILD_BUILD_ID": identifier}
    if build["buildStatus"] != "SUCCEEDED":
        raise Failed("JobFailed", _why(build))
    return True


def _why(build: Mapping[str, Any]) -> str:
    failed: Mapping[str, Any] = next(
        (phase for phase in build["phases"] if phase.get("phaseStatus") not in {None, "SUCCEEDED"}), {}
    )
    context: Mapping[str, str] = next(iter(failed.get("contexts") or []), {})
    return (
        f"Build terminated with state: {build['buildStatus']}. Phase: {failed.get('phaseType', '')}, "
        f"Code: {context.get('statusCode', '')}, Message: {context.get('message', '')}"
    )


def approval(act: Act) -> bool:
    """Ask, and leave the action in progress until somebody answers or its time is over."""
    minutes = int(act.declared.get("timeoutInMinutes") or _APPROVAL_MINUTES)
    act.run.expires = time.time() + act.sandbox.scaled(60.0 * minutes)
    topic = act.configuration.get("NotificationArn")
    if topic:
        act.may("sns:Publish", topic)
        region = responses.get_region()
        console = f"https://console.aws.amazon.com/codepipeline/home?region={region}#/view/{act.pipeline}"
        asked = {
            "pipelineName": act.pipeline,
            "stageName": act.run.stage,
            "actionName": act.run.name,
            "token": act.run.token,
            "expires": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(act.run.expires)),
            "externalEntityLink": act.configuration.get("ExternalEntityLink"),
            "approvalReviewLink": f"{console}/{act.run.stage}/{act.run.name}/approve/{act.run.token}",
            "customData": act.configuration.get("CustomData"),
        }
        subject = f"APPROVAL NEEDED: AWS CodePipeline {act.pipeline} for action {act.run.name}"
        message = json.dumps({"region": region, "consoleLink": console, "approval": asked})
        try:
            client("sns").publish(TopicArn=topic, Subject=subject[:100], Message=message)
        except ClientError as error:
            raise Failed("ConfigurationError", f"The approval could not be asked for: {error}") from error
    return False


PROVIDERS: Mapping[tuple[str, str], Callable[[Act], bool]] = {
    ("Source", "ECR"): ecr_source,
    ("Build", "CodeBuild"): codebuild,
    ("Approval", "Manual"): approval,
}
"""What an action does, by category and provider; whether it has ended then."""
