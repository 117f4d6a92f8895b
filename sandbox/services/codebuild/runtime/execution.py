# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A build: the specification's commands in a container of the project's image, with a session of the project's role.

**Deliberately different**: the container is in the machine's network, where the sandbox's load balancers and registries
are; the role's credentials stand in its environment, where CodeBuild gives them at an address; and `AWS_ENDPOINT_URL`,
`FASTBREAK_CA_BUNDLE` and `FASTBREAK_OIDC_ISSUER` say where AWS and the issuer of tokens are. Sources other than a
pipeline's artifact are not fetched.
"""

import functools
import io
import logging
import tarfile
import threading
import time
import zipfile
from typing import Any

import docker
from botocore.exceptions import ClientError
from docker.errors import DockerException, NotFound

from sandbox import identity
from sandbox.authority import authority_path
from sandbox.clients import client
from sandbox.container_output import lines
from sandbox.host import Sandbox
from sandbox.images import PullFailed, pull
from sandbox.ministack import container_reaper, responses
from sandbox.role_session import session
from sandbox.services.codebuild.model import builds, buildspec
from sandbox.services.codebuild.model.builds import Record

logger = logging.getLogger("sandbox.codebuild")
_PATIENCE_SECONDS = 60
_SERVICE = "codebuild.amazonaws.com"
_AUTHORITY = "codebuild/sandbox-authority.pem"


class Failed(Exception):  # noqa: N818 - named after what happens to the phase
    """The phase failed; a status code and words of CodeBuild."""

    def __init__(self, code: str, message: str, status: str = "FAILED") -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@functools.cache
def engine() -> docker.DockerClient:
    """The process's client; made when first needed, after the sandbox has confined it."""
    return docker.from_env(timeout=_PATIENCE_SECONDS)


def run(sandbox: Sandbox, build: Record) -> None:
    """Run the build in the account and region of the caller, and write into its record what becomes of it."""
    running = builds.RUNNING[build["id"]]
    status = "FAULT"
    try:
        status = _Build(sandbox, build, running).run()
    except Failed as failure:
        status = failure.status
        builds.leave(build, status, failure.code, failure.message)
    except Exception as error:
        logger.exception("build %s failed", build["id"])
        builds.leave(build, "FAULT", "INTERNAL_SERVICE_ERROR", str(error))
    finally:
        if running.ended_by:
            status = running.ended_by
            builds.leave(build, status)
        builds.complete(build, status)
        builds.RUNNING.pop(build["id"], None)


class _Build:
    def __init__(self, sandbox: Sandbox, build: Record, running: builds.Running) -> None:
        self._sandbox, self._build, self._running = sandbox, build, running
        self._role = str(build["serviceRole"])

    def run(self) -> str:
        for phase in ("QUEUED", "PROVISIONING"):
            builds.enter(self._build, phase)
        image = self._image()
        builds.enter(self._build, "DOWNLOAD_SOURCE")
        source = self._source()
        spec = self._spec(source)
        log = self._log()
        container = self._container(image, spec, source)
        timer = threading.Timer(self._sandbox.scaled(60.0 * self._build["timeoutInMinutes"]), self._over)
        timer.daemon = True
        timer.start()
        try:
            self._running.container = container
            if not self._running.ended_by:
                container.start()
            return self._follow(container, log)
        finally:
            timer.cancel()
            _remove(container)

    def _over(self) -> None:
        self._running.ended_by = self._running.ended_by or "TIMED_OUT"
        _kill(self._running.container)

    def _image(self) -> str:
        name = self._build["environment"].get("image", "")
        try:
            return pull(engine(), name, self._sandbox.registries).id
        except PullFailed as failure:
            raise Failed(
                "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE", f"Unable to pull customer's container image. {failure}"
            ) from failure

    def _source(self) -> dict[str, bytes]:
        """The files of the pipeline's artifact."""
        source = self._build["source"]
        if source.get("type") in {None, "NO_SOURCE"} or not source.get("location"):
            return {}
        bucket, _, key = source["location"].partition("/")
        partition = self._role.split(":")[1]
        try:
            self._may("s3:GetObject", f"arn:{partition}:s3:::{bucket}/{key}")
            content = client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise Failed("CLIENT_ERROR", f"{error} for primary source") from error
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {f"codebuild/output/src/{name}": archive.read(name) for name in archive.namelist()}

    def _spec(self, source: dict[str, bytes]) -> buildspec.Buildspec:
        given = str(self._build["source"].get("buildspec") or "buildspec.yml")
        if "\n" not in given:
            found = source.get(f"codebuild/output/src/{given}")
            if found is None:
                raise Failed("YAML_FILE_ERROR", f"stat {given}: no such file or directory")
            given = found.decode()
        try:
            return buildspec.parse(given)
        except buildspec.BuildspecError as error:
            raise Failed("YAML_FILE_ERROR", str(error)) from error

    def _log(self) -> "_Log":
        logs, place = self._build["logs"], f"{responses.get_region()}:{responses.get_account_id()}"
        group = f"arn:{self._role.split(':')[1]}:logs:{place}:log-group:{logs['groupName']}"
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            self._may(action, f"{group}:log-stream:{logs['streamName']}", "ACCESS_DENIED")
        return _Log(logs["groupName"], logs["streamName"])

    def _may(self, action: str, resource: str, code: str = "CLIENT_ERROR") -> None:
        try:
            identity.require(self._role, _SERVICE, action, resource)
        except identity.NotAllowed as refusal:
            raise Failed(code, str(refusal)) from refusal

    def _container(self, image: str, spec: buildspec.Buildspec, source: dict[str, bytes]) -> Any:
        name = self._build["id"].partition(":")[2]
        container = engine().containers.create(
            image,
            entrypoint=["sh", "/codebuild/build.sh"],
            command=[],
            name=f"ministack-codebuild-{name}",
            user="root",
            network_mode="host",
            environment=self._environment(spec),
            labels=container_reaper.own_labels("codebuild"),
        )
        texts = {path: text.encode() for path, text in buildspec.files(spec).items()}
        container.put_archive(
            "/", _tar({**source, **texts, _AUTHORITY: authority_path(self._sandbox.home).read_bytes()})
        )
        return container

    def _environment(self, spec: buildspec.Buildspec) -> dict[str, str]:
        region, build = responses.get_region(), self._build
        given = {item["name"]: item["value"] for item in build["environment"]["environmentVariables"]}
        return {
            **spec.variables,
            **given,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": self._sandbox.endpoint_url,
            "FASTBREAK_CA_BUNDLE": f"/{_AUTHORITY}",
            "FASTBREAK_OIDC_ISSUER": self._sandbox.issuer,
            "CODEBUILD_BUILD_ARN": build["arn"],
            "CODEBUILD_BUILD_ID": build["id"],
            "CODEBUILD_BUILD_NUMBER": str(build["buildNumber"]),
            "CODEBUILD_INITIATOR": build["initiator"],
            "CODEBUILD_SRC_DIR": "/codebuild/output/src",
            "CI": "true",
            **session(self._role, f"AWSCodeBuild-{build['id'].partition(':')[2]}"),
        }

    def _follow(self, container: Any, log: "_Log") -> str:
        told = False
        for line in lines(container):
            # What a command writes need not end with a line's end.
            text, mark, phase = line.partition(buildspec.MARK)
            if text or not mark:
                log.write(text)
            if mark:
                name, _, status = phase.partition(" ")
                log.write(f"[Container] Phase {builds.OF_BUILDSPEC[name]} {_said(status)}")
                self._tell(builds.OF_BUILDSPEC[name], status)
                told = True
        code = container.wait(timeout=_PATIENCE_SECONDS)["StatusCode"]
        if code and not (told or self._running.ended_by):
            raise Failed("CONTAINER_ERROR", f"the container ended with status {code}")
        return self._running.ended_by or ("FAILED" if code else "SUCCEEDED")

    def _tell(self, phase: str, status: str) -> None:
        if status == "STARTED":
            builds.enter(self._build, phase)
        elif status == "0":
            builds.leave(self._build)
        else:
            message = f"Error while executing command. Reason: exit status {status}"
            builds.leave(self._build, "FAILED", "COMMAND_EXECUTION_ERROR", message)


def _said(status: str) -> str:
    return "started" if status == "STARTED" else f"complete, exit status {status}"


class _Log:
    """A log stream of CloudWatch Logs."""

    def __init__(self, group: str, stream: str) -> None:
        self._logs, self._names = client("logs"), {"logGroupName": group, "logStreamName": stream}
        for make, names in (
            (self._logs.create_log_group, {"logGroupName": group}),
            (self._logs.create_log_stream, self._names),
        ):
            try:
                make(**names)
            except self._logs.exceptions.ResourceAlreadyExistsException:
                continue

    def write(self, line: str) -> None:
        event = {"timestamp": int(1000 * time.time()), "message": line or " "}
        self._logs.put_log_events(**self._names, logEvents=[event])


def _tar(contents: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for path, content in contents.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def stop(identifier: str) -> None:
    """End the build's container."""
    running = builds.RUNNING.get(identifier)
    if running is not None:
        running.ended_by = "STOPPED"
        _kill(running.container)


def _kill(container: Any) -> None:
    try:
        if container is not None:
            container.kill()
    except DockerException:
        logger.info("container %s had ended", container.name)


def _remove(container: Any) -> None:
    try:
        container.remove(force=True, v=True)
    except NotFound:
        logger.info("container %s was gone", container.name)
