# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The Docker engine as the ECS extension uses it, and the threads that wait for it."""

import functools
import logging
import threading
from collections.abc import Callable
from typing import Any

import docker

from sandbox.ministack import responses
from sandbox.services.ecs.model.records import Record, say, service_of_task

logger = logging.getLogger("sandbox.ecs")
_PATIENCE_SECONDS = 60


@functools.cache
def client() -> docker.DockerClient:
    """The process's client; made when first needed, after the sandbox has confined it."""
    return docker.from_env(timeout=_PATIENCE_SECONDS, max_pool_size=64)


def in_background(task: Record, account: str, region: str, work: Callable[[], Any]) -> None:
    """Run `work` for the task in a thread, in the account's scope. A failure is logged and told by the service."""

    def run() -> None:
        with responses.request_scope(account, region):
            try:
                work()
            except Exception as error:
                logger.exception("work on task %s failed", task["taskArn"])
                service = service_of_task(task)
                if service is not None:
                    say(service, f"sandbox: work on (task {task['taskArn'].rsplit('/', 1)[-1]}) failed: {error}")

    threading.Thread(target=run, daemon=True, name=f"ecs-{task['taskArn'][-8:]}").start()
