# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The awslogs driver: a container's output becomes events of a CloudWatch Logs stream."""

import logging
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from docker.errors import DockerException

from sandbox.ministack import cloudwatch_logs, ecs, responses
from sandbox.services.ecs.model.errors import StartFailed

logger = logging.getLogger("sandbox.ecs")
_LONGEST_LINE = 256 * 1024
_READ_AGAIN_BYTES = 4 * 1024 * 1024


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
            for line in _lines(_output(container)):
                ecs._emit_awslogs_event(config, line.decode("utf-8", errors="replace"))
        except (DockerException, OSError) as error:
            logger.warning("output of %s is lost from here on: %s", container.name, error)


def _output(container: Any) -> Iterator[bytes]:
    """Everything the container writes until it ends.

    The engine's stream of a container that ends may break off before its last bytes: they are read again.
    """
    seen = 0
    for chunk in container.logs(stream=True, follow=True, stdout=True, stderr=True):
        seen += len(chunk)
        yield chunk
    if seen < _READ_AGAIN_BYTES:
        yield container.logs(stdout=True, stderr=True)[seen:]


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Chunks as lines without their ends; a line that grows too long is cut, as CloudWatch Logs does."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > _LONGEST_LINE:
            yield rest
            rest = b""
    if rest:
        yield rest
