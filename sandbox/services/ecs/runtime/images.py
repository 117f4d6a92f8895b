# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Images of task definitions."""

from collections.abc import Mapping

import docker

from sandbox import images
from sandbox.services.ecs.model.errors import StartFailed


def pull(
    client: docker.DockerClient, image: str, registries: Mapping[str, str], pinned: str | None = None
) -> images.Pulled:
    """Pull `image`, by the digest `pinned` when that was established before; StartFailed when it cannot be pulled."""
    try:
        return images.pull(client, image, registries, pinned)
    except images.PullFailed as failure:
        raise StartFailed(str(failure)) from failure
