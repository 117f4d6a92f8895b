# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Builds as the API shows them.

AWS: CodeBuild API model; user guide, "View build details" for the phases, their statuses and contexts.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.ministack import codebuild, responses

Record = dict[str, Any]
OF_BUILDSPEC = {"install": "INSTALL", "pre_build": "PRE_BUILD", "build": "BUILD", "post_build": "POST_BUILD"}


@dataclass
class Running:
    """A build that has not ended: its engine's container, and whether somebody stopped it or its time is over."""

    container: Any = None
    ended_by: str = ""


RUNNING: dict[str, Running] = {}


@dataclass(frozen=True)
class Asked:
    """What StartBuild asks for beyond the project."""

    environment: tuple[dict[str, str], ...] = ()
    source: Record = field(default_factory=dict)
    initiator: str = ""


def new(project: Record, asked: Asked) -> Record:
    """The record of a build that was just asked for."""
    identifier = codebuild._build_id(project["name"])
    group = (project.get("logsConfig") or {}).get("cloudWatchLogs") or {}
    environment = project.get("environment") or {}
    variables = {item["name"]: item for item in (*environment.get("environmentVariables", []), *asked.environment)}
    stream = identifier.partition(":")[2]
    prefix = group.get("streamName")
    return {
        "id": identifier,
        "arn": codebuild._build_arn(identifier),
        "buildNumber": 1 + sum(build["projectName"] == project["name"] for build in codebuild._builds.values()),
        "startTime": time.time(),
        "currentPhase": "SUBMITTED",
        "buildStatus": "IN_PROGRESS",
        "buildComplete": False,
        "projectName": project["name"],
        "phases": [{"phaseType": "SUBMITTED", "startTime": time.time()}],
        "source": {**(project.get("source") or {}), **asked.source},
        "artifacts": {"location": ""},
        "environment": {**environment, "environmentVariables": list(variables.values())},
        "serviceRole": project.get("serviceRole", ""),
        "logs": {
            "groupName": group.get("groupName") or f"/aws/codebuild/{project['name']}",
            "streamName": f"{prefix}/{stream}" if prefix else stream,
        },
        "timeoutInMinutes": project.get("timeoutInMinutes", 60),
        "initiator": asked.initiator or f"{responses.get_account_id()}/user",
        "encryptionKey": project.get("encryptionKey", ""),
    }


def enter(build: Record, phase: str) -> None:
    """The build is in `phase` now; the one before it succeeded unless it ended otherwise."""
    leave(build)
    build["phases"].append({"phaseType": phase, "startTime": time.time()})
    build["currentPhase"] = phase


def leave(build: Record, status: str = "SUCCEEDED", code: str = "", message: str = "") -> None:
    """The current phase ended with `status`; does nothing when it has ended already."""
    phase = build["phases"][-1]
    if "phaseStatus" in phase:
        return
    now = time.time()
    phase |= {"phaseStatus": status, "endTime": now, "durationInSeconds": int(now - phase["startTime"])}
    phase["contexts"] = [{"statusCode": code, "message": message}] if code or message else []


def complete(build: Record, status: str) -> None:
    """The build ended with `status`."""
    enter(build, "COMPLETED")
    build |= {"buildStatus": status, "endTime": time.time(), "buildComplete": True}
