# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image references, and which image of a repository a version names.

A reference is read as the OCI distribution specification and Docker write it:
``[registry/]repository[:tag][@digest]``. A release's tag is ``<semver>-<40-character commit>``, with
``-dirty.<12 hex>`` behind it when it was built from an uncommitted tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from .._oci.names import is_repository, is_sha256, is_tag

if TYPE_CHECKING:
    from datetime import datetime

    from .._ecr.values import RepositoryImage

_SEMVER = r"(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.]+)?"
_SEMVER_ONLY = re.compile(_SEMVER)
_RELEASE_TAG = re.compile(rf"(?P<semver>{_SEMVER})-(?P<commit>[0-9a-f]{{40}})(?:-dirty\.(?P<dirty>[0-9a-f]{{12}}))?")


@dataclass(frozen=True, slots=True)
class ImageRef:
    """A reference to an image; ``str()`` gives it back as it is written."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """The registry and repository, without tag and digest."""
        return f"{self.registry}/{self.repository}" if self.registry else self.repository

    def at(self, digest: str) -> ImageRef:
        """The same image pinned to *digest*, without a tag: the form that ECS accepts."""
        return ImageRef(self.registry, self.repository, "", digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"


def parse_image(text: str) -> ImageRef:
    """The reference written in *text*. Raises ValueError, saying which part is wrong."""
    rest, at, digest = text.partition("@")
    if at and not is_sha256(digest):
        raise ValueError(f"{text!r} has the digest {digest!r}; a digest is 'sha256:' and 64 lower-case hex digits")
    head, slash, tail = rest.partition("/")
    registry = ""
    if slash and ("." in head or ":" in head or head == "localhost"):
        registry, rest = head, tail
    repository, colon, tag = rest.partition(":")
    if colon and not is_tag(tag):
        raise ValueError(f"{text!r} has the tag {tag!r}; a tag is at most 128 letters, digits, '_', '.' and '-'")
    if not is_repository(repository):
        raise ValueError(f"{text!r} has the repository {repository!r}; a repository is lower-case path components")
    return ImageRef(registry, repository, tag, digest)


@dataclass(frozen=True, slots=True)
class ReleaseTag:
    """What the tag of a released image says."""

    semver: str
    commit: str
    dirty: str = ""


def parse_release_tag(tag: str) -> ReleaseTag | None:
    """What *tag* says, or None when it is not a release's tag."""
    match = _RELEASE_TAG.fullmatch(tag)
    return ReleaseTag(match["semver"], match["commit"], match["dirty"] or "") if match else None


@dataclass(frozen=True, slots=True)
class ReleaseImage:
    """The image that a version names. ``tag`` is empty when a digest was named that no release tag points to."""

    digest: str
    tag: str = ""

    @property
    def version(self) -> str:
        """What the release is called: its tag, or else its digest."""
        return self.tag or self.digest

    @property
    def commit(self) -> str:
        """The commit the image was built from, as its tag says; empty when it does not."""
        release = parse_release_tag(self.tag)
        return release.commit if release else ""


def version_names(version: str, *, tag: str, digest: str) -> bool:
    """Whether *version* (a semver, a whole tag or a digest) names the release with this tag and digest."""
    if version in (tag, digest):
        return True
    release = parse_release_tag(tag)
    return release is not None and release.semver == version


def find_release(images: tuple[RepositoryImage, ...], version: str) -> ReleaseImage | None:
    """The newest image of *images* that *version* names, or None. Newest is by push time, then by tag."""
    found = [
        (image.pushed_at, tag, image.digest)
        for image in images
        for tag in (image.tags or ("",))
        if version_names(version, tag=tag, digest=image.digest)
    ]
    if not found:
        return None
    if is_sha256(version):
        return ReleaseImage(version, _release_tag_of([tag for _pushed, tag, _digest in found]))
    _pushed, tag, digest = max(found)
    return ReleaseImage(digest, tag)


def _release_tag_of(tags: list[str]) -> str:
    return max((tag for tag in tags if parse_release_tag(tag)), default="")


def nearest_versions(images: tuple[RepositoryImage, ...], version: str, *, count: int = 5) -> tuple[str, ...]:
    """The release tags most like *version*, the best first; among equals, the newest."""
    tags = [(image.pushed_at, tag) for image in images for tag in image.tags]

    def likeness(item: tuple[datetime, str]) -> tuple[float, datetime, str]:
        pushed_at, tag = item
        release = parse_release_tag(tag)
        said = release.semver if release and _SEMVER_ONLY.fullmatch(version) else tag
        return (SequenceMatcher(None, said, version).ratio(), pushed_at, tag)

    return tuple(tag for _pushed, tag in sorted(tags, key=likeness, reverse=True)[:count])
