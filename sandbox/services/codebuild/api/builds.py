# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Projects keep what they are made with, and StartBuild and StopBuild really do."""

import copy
import threading
from collections.abc import Callable
from typing import Any

from sandbox.host import Sandbox
from sandbox.ministack import codebuild, responses
from sandbox.services.codebuild.model import builds
from sandbox.services.codebuild.runtime import execution

Data = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
_KEPT = ("logsConfig", "cache", "concurrentBuildLimit", "queuedTimeoutInMinutes", "vpcConfig", "autoRetryLimit")


def install(sandbox: Sandbox) -> None:
    """Replace MiniStack's records of builds by builds."""
    create, update, shape = codebuild._create_project, codebuild._update_project, codebuild._project_shape
    codebuild._create_project = _keeping(create)
    codebuild._update_project = _keeping(update)
    codebuild._project_shape = lambda project: {
        **shape(project),
        **{name: project[name] for name in _KEPT if project.get(name) is not None},
    }
    codebuild._start_build = lambda data: _start(sandbox, data)
    codebuild._stop_build = _stop
    sandbox.on_reset(builds.RUNNING.clear)


def _keeping(handler: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def handle(data: Data) -> Answer:
        answer = handler(data)
        if answer[0] == 200:
            codebuild._projects[data["name"]].update({name: data[name] for name in _KEPT if name in data})
        return answer

    return handle


def _failure(code: str, text: str) -> Answer:
    return responses.error_response_json(code, text, 400)  # type: ignore[no-any-return]


def _start(sandbox: Sandbox, data: Data) -> Answer:
    project = codebuild._projects.get(data.get("projectName", ""))
    if project is None:
        return _failure(
            "ResourceNotFoundException", f"Project cannot be found: {codebuild._project_arn(data.get('projectName'))}"
        )
    given = {"type": data.get("sourceTypeOverride"), "location": data.get("sourceLocationOverride")}
    asked = builds.Asked(
        environment=tuple(data.get("environmentVariablesOverride") or ()),
        source={name: value for name, value in given.items() if value},
        initiator=data.get("sourceVersion", "") if given["type"] == "CODEPIPELINE" else "",
    )
    build = builds.new(copy.deepcopy(project), asked)
    codebuild._builds[build["id"]] = build
    builds.RUNNING[build["id"]] = builds.Running()
    account, region = responses.get_account_id(), responses.get_region()

    def work() -> None:
        with responses.request_scope(account, region):
            execution.run(sandbox, build)

    threading.Thread(target=work, daemon=True, name=f"codebuild-{build['id'][-8:]}").start()
    return responses.json_response({"build": copy.deepcopy(build)})  # type: ignore[no-any-return]


def _stop(data: Data) -> Answer:
    build = codebuild._builds.get(data.get("id", ""))
    if build is None:
        return _failure("ResourceNotFoundException", f"Build cannot be found: {data.get('id')}")
    execution.stop(build["id"])
    return responses.json_response({"build": copy.deepcopy(build)})  # type: ignore[no-any-return]
