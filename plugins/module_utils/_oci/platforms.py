# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A subset of an index's platforms, and the index that holds only these. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import RefusedError
from .json_manifest import raw_json
from .model import MANIFEST_LIMIT_BYTES
from .strict_json import read_object

if TYPE_CHECKING:
    from .model import Descriptor, Manifest, RawManifest

#: Where BuildKit's attestations, which are children of the index themselves, name the image they are about.
_REFERENCE = "vnd.docker.reference.digest"


def with_platforms(index: Manifest, platforms: tuple[str, ...]) -> RawManifest | None:
    """*index* with the children of *platforms* and their attestations only; None when that leaves nothing out.

    A platform without a variant stands for all of its variants. Raises RefusedError for a platform that is not there.
    """
    if not index.is_index:
        raise RefusedError(
            f"Platforms {', '.join(platforms)} were asked for, but {index.digest} is one image and no index of "
            "platforms. Nothing was changed. Leave platforms out for it."
        )
    there = {child.platform for child in index.children if child.platform}
    if missing := [asked for asked in platforms if not any(_matches(asked, platform) for platform in there)]:
        raise RefusedError(
            f"Index {index.digest} has no image for {', '.join(missing)}; it has {', '.join(sorted(there)) or 'none'}. "
            "Nothing was changed. Name platforms that it has.",
            platforms=sorted(there),
        )
    kept = {child.digest for child in index.children if any(_matches(asked, child.platform) for asked in platforms)}
    stays = [child.digest in kept or _about(child) in kept for child in index.children]
    if all(stays):
        return None
    document = read_object(index.raw.content, limit_bytes=MANIFEST_LIMIT_BYTES)
    document["manifests"] = [entry for entry, keep in zip(document["manifests"], stays, strict=True) if keep]
    return raw_json(document, index.raw.media_type)


def _matches(asked: str, platform: str) -> bool:
    return platform == asked or (asked.count("/") == 1 and platform.startswith(f"{asked}/"))


def _about(child: Descriptor) -> str:
    return dict(child.annotations).get(_REFERENCE, "")
