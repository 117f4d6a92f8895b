# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags under which cosign keeps what it attaches to a manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._oci.model import Manifest

_KINDS = ((".sig", "signature"), (".att", "attestation"), (".sbom", "sbom"))


@dataclass(frozen=True, slots=True)
class CosignTag:
    """A tag that is attached to a digest by its name, and the kind of what lies under it."""

    tag: str
    kind: str


def cosign_tags(digest: str) -> tuple[CosignTag, ...]:
    """The tags that belong to *digest*."""
    return tuple(CosignTag(f"{digest.replace(':', '-')}{ending}", kind) for ending, kind in _KINDS)


def content(manifest: Manifest | None) -> frozenset[tuple[str, tuple[tuple[str, str], ...]]]:
    """What a manifest holds; cosign keeps signatures in the annotations of layers that are all alike."""
    if manifest is None:
        return frozenset()
    held = (*manifest.layers, *manifest.children)
    return frozenset((part.digest, tuple(sorted(part.annotations))) for part in held)
