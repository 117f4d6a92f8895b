# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the sandbox knows of repositories and images beyond MiniStack's records."""

import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from sandbox.ministack import ecr
from sandbox.side_table import Record, SideTable


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a lifecycle policy would do; times are epoch seconds."""

    text: str
    ends_at: float
    results: tuple[dict[str, Any], ...]

    @property
    def status(self) -> str:
        """`status` of the API."""
        return "COMPLETE" if time.time() >= self.ends_at else "IN_PROGRESS"


@dataclass
class Repository:
    """A repository."""

    exclusion_filters: list[dict[str, Any]] = field(default_factory=list)
    """`imageTagMutabilityExclusionFilters`: the tags to which its setting does not apply."""
    preview: Preview | None = None


@dataclass
class Image:
    """What an image's manifest says, and when it was last pulled (epoch seconds)."""

    artifact_type: str | None = None
    subject: str | None = None
    """The digest of the manifest that it refers to."""
    children: tuple[str, ...] = ()
    """The digests that an index names."""
    pulled_at: int | None = None


def _image_key(image: Record) -> Hashable:
    return image["registryId"], image["repositoryName"], image["imageDigest"]


def _holds_image(image: Record) -> bool:
    return any(held is image for images in ecr._images.all_values() for held in images)


def _holds_repository(repository: Record) -> bool:
    return any(held is repository for held in ecr._repositories.all_values())


_REPOSITORIES = SideTable(itemgetter("repositoryArn"), _holds_repository, Repository)
_IMAGES = SideTable(_image_key, _holds_image, Image)
of_repository = _REPOSITORIES.of
of_image = _IMAGES.of


def forget() -> None:
    """Forget everything."""
    _REPOSITORIES.clear()
    _IMAGES.clear()
