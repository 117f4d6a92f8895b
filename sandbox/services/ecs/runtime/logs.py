# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The awslogs driver: a container's output becomes events of a CloudWatch Logs stream."""

import logging
import threading
from typing import Any

from docker.errors import DockerException

from sandbox.container_output import lines
from sandbox.ministack import cloudwatch_logs, ecs, responses
from sandbox.services.ecs.model.errors import StartFailed

logger = logging.getLogger("sandbox.ecs")


def check(definition: dict[str, Any]) -> None:
    """StartFailed when the log group does not exist and may not be made: on AWS such a task does not start."""
    config = ecs._awslogs_config(definition, "", "")
    if config is None or config["create_group"]:
        return
    if config["group"] not in cloudwatch_logs._log_groups:
        raise StartFailed(
            "ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log stream: "
            f"ResourceNotFoundException: The specified log group does not exist. ({config['group']})",
            definition["name"],
        )


def follow(container: Any, definition: dict[str, Any], task_id: str) -> threading.Thread | None:
    """Forward the container's output until it ends; None when the definition asks for no awslogs."""
    config = ecs._awslogs_config(definition, task_id, container.id)
    if config is None:
        return None
    account, region = responses.get_account_id(), config["region"] or responses.get_region()
    thread = threading.Thread(
        target=_forward, args=(container, config, account, region), daemon=True, name=f"ecs-logs-{task_id[:8]}"
    )
    thread.start()
    return thread


def _forward(container: Any, config: dict[str, Any], account: str, region: str) -> None:
    with responses.request_scope(account, region):
        try:
            if not ecs._ensure_awslogs_stream(config):
                logger.warning("log group %s is gone: output of %s is not kept", config["group"], container.name)
                return
            for line in lines(container):
                ecs._emit_awslogs_event(config, line)
        except (DockerException, OSError) as error:
            logger.warning("output of %s is lost from here on: %s", container.name, error)
