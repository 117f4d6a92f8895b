# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The image that gates look at, at its source, before anything is copied."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ..._errors import FastbreakError
from ..._oci.names import Address
from .config import ConfigReading, read_config
from .platforms import PlatformImage, platform_images

if TYPE_CHECKING:
    from ..ports import Ports
    from ..values import SourceImage

#: A config is a few kilobytes; what is larger than this is not read, and so does not pass.
CONFIG_LIMIT_BYTES = 1 << 20


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
