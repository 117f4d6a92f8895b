# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A container that does nothing but stay in the sandbox's network, so that no task is ever the last to leave it.

See `engine_pace` for why. It is removed with the sandbox, and made again after a reset.
"""

import logging
import threading

from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from sandbox.services.ecs.runtime import engine
from sandbox.services.ecs.runtime.engine_pace import PACE

logger = logging.getLogger("sandbox.ecs")
NAME = "ministack-ecs-anchor"
_IMAGE = "fastbreak-sandbox/base:trixie"
_making = threading.Lock()


def ensure(image: str) -> None:
    """Have the anchor run, from the base image or else from `image`; without a `sleep` in either there is none."""
    with _making:
        try:
            if engine.client().containers.get(NAME).status != "running":
                engine.client().containers.get(NAME).remove(force=True)
                _start(image)
        except NotFound:
            _start(image)
        except DockerException as error:
            logger.warning("the sandbox's network has no anchor: %s", error)


def _start(image: str) -> None:
    for candidate in (_IMAGE, image):
        try:
            _run(candidate)
        except ImageNotFound:
            continue
        except APIError as error:
            logger.warning("%s cannot anchor the sandbox's network: %s", candidate, error)
            continue
        return


def _run(image: str) -> None:
    with PACE.start(NAME):
        engine.client().containers.run(
            image,
            entrypoint=["sleep", "infinity"],
            command=[],
            name=NAME,
            detach=True,
            init=True,
            read_only=True,
            user="65534",
            cap_drop=["ALL"],
            healthcheck={"test": ["NONE"]},
            stop_signal="SIGKILL",
        )
