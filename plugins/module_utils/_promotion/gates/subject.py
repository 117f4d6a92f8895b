# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image that gates look at, at its source, before anything is copied: its platforms and their configs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..._errors import FastbreakError
from ..._oci.media_types import IN_TOTO
from ..._oci.names import Address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..._oci.model import Descriptor, Manifest
    from ..ports import Ports
    from ..values import SourceImage

#: A config is a few kilobytes; what is larger than this is not read, and so does not pass.
CONFIG_LIMIT_BYTES = 1 << 20
_NO_PLATFORM = "unknown/unknown"


@dataclass(frozen=True, slots=True)
class PlatformImage:
    """An image that can run. ``manifest`` is None when an index names it and it has not been read."""

    digest: str
    platform: str
    manifest: Manifest | None

    def __str__(self) -> str:
        return f"{printable(self.platform)} ({short(self.digest)})" if self.platform else short(self.digest)


@dataclass(frozen=True, slots=True)
class ConfigReading:
    """The config of one platform's image. ``problem`` says why it is not known; then nothing else is.

    ``labels`` is None when the config has none. ``created`` is the config's own text, empty when it has none.
    """

    image: str
    labels: tuple[tuple[str, str], ...] | None = None
    created: str = ""
    problem: str = ""


class Subject:
    """One image, and the ports to look at it. What several gates ask for is read once."""

    def __init__(self, image: SourceImage, ports: Ports) -> None:
        self.image = image
        self.ports = ports

    def address(self, digest: str) -> Address:
        """Where the content of *digest* lies at the source."""
        return Address(self.image.request.repository, digest)

    @cached_property
    def platforms(self) -> tuple[PlatformImage, ...]:
        """The images that can run, each once."""
        return platform_images(self.image.root, self.image.manifests)

    @cached_property
    def configs(self) -> tuple[ConfigReading, ...]:
        """The config of each of them. One that cannot be read is a reading with a problem."""
        return tuple(self._read_config(platform) for platform in self.platforms)

    def _read_config(self, platform: PlatformImage) -> ConfigReading:
        name = str(platform)
        if platform.manifest is None:
            return ConfigReading(name, problem="its manifest has not been read")
        if platform.manifest.config is None:
            return ConfigReading(name, problem="its manifest names no config")
        digest = platform.manifest.config.digest
        try:
            content = self.ports.source.read_blob(self.address(digest), limit_bytes=CONFIG_LIMIT_BYTES)
        except FastbreakError as error:
            return ConfigReading(name, problem=f"its config could not be read: {error.message}")
        if content is None:
            return ConfigReading(name, problem=f"its config {digest} is not in the source repository")
        return read_config(name, content)


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


def read_config(image: str, content: bytes) -> ConfigReading:
    """What the config *content* says. One that is not what the image specification describes is a problem."""
    try:
        document = json.loads(content, parse_int=_nothing, parse_float=_nothing, parse_constant=_nothing)
    except (ValueError, RecursionError):
        return ConfigReading(image, problem="its config is not JSON")
    if not isinstance(document, dict):
        return ConfigReading(image, problem="its config is not a JSON object")
    created, inner = document.get("created") or "", document.get("config") or {}
    if not isinstance(created, str) or not isinstance(inner, dict):
        return ConfigReading(image, problem="its config is not an image's: `created` or `config` is of the wrong type")
    labels = inner.get("Labels")
    if labels is None:
        return ConfigReading(image, None, created)
    if not _is_labels(labels):
        return ConfigReading(image, problem="its config is not an image's: `config.Labels` must map text to text")
    return ConfigReading(image, tuple(sorted(labels.items())), created)


def _nothing(_number: str) -> None:
    """No number is needed here, and to read thousands of digits would take long."""


def _is_labels(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
