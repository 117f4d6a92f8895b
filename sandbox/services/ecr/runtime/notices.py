# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The event of a push. AWS: Amazon ECR user guide, "Amazon ECR events and EventBridge"."""

from typing import Any

from sandbox import events


def pushed(repository: str, record: dict[str, Any], tag: str | None) -> None:
    """Tell of an image that was pushed, under a tag or none."""
    events.emit(
        "aws.ecr",
        "ECR Image Action",
        {
            "action-type": "PUSH",
            "result": "SUCCESS",
            "repository-name": repository,
            "image-digest": record["imageDigest"],
            "manifest-media-type": record["imageManifestMediaType"],
            **({"image-tag": tag} if tag else {}),
        },
    )
