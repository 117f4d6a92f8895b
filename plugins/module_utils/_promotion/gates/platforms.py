# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which images of an index are judged. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._oci.media_types import IN_TOTO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..._oci.model import Descriptor, Manifest

_NO_PLATFORM = "unknown/unknown"


@dataclass(frozen=True, slots=True)
class PlatformImage:
    """An image that can run. ``manifest`` is None when an index names it and it has not been read."""

    digest: str
    platform: str
    manifest: Manifest | None

    def __str__(self) -> str:
        return f"{printable(self.platform)} ({short(self.digest)})" if self.platform else short(self.digest)


def short(digest: str) -> str:
    """A digest as messages show it where many stand side by side."""
    return digest[:19]


def printable(text: str, limit: int = 80) -> str:
    """The beginning of a text from outside, fit for one line of a message."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:limit])


def platform_images(root: Manifest, manifests: tuple[Manifest, ...]) -> tuple[PlatformImage, ...]:
    """The leaf images of *root*, each once; *manifests* are those that were read, the root's children among them.

    An attestation inside an index is no image. It is known by its platform and by layers that are in-toto statements
    and nothing else: what could run is judged whatever platform it claims.
    """
    known = {manifest.digest: manifest for manifest in (*manifests, root)}
    return tuple({leaf.digest: leaf for leaf in _leaves(root, known)}.values())


def _leaves(root: Manifest, known: Mapping[str, Manifest]) -> Iterator[PlatformImage]:
    seen: set[str] = set()
    waiting = [(root.digest, "")]
    while waiting:
        digest, platform = waiting.pop(0)
        manifest = known.get(digest)
        if digest in seen:
            continue
        seen.add(digest)
        if manifest is not None and manifest.is_index:
            waiting += [(child.digest, child.platform) for child in manifest.children]
        elif manifest is None or not _is_attestation(manifest, platform):
            yield PlatformImage(digest, platform, manifest)


def _is_attestation(manifest: Manifest, platform: str) -> bool:
    layers: tuple[Descriptor, ...] = manifest.layers
    return platform == _NO_PLATFORM and bool(layers) and all(layer.media_type == IN_TOTO for layer in layers)
