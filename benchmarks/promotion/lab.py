# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the cases run: two registries, the images in the first, and the tools that copy them to the second."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.machine import load
from benchmarks.promotion import peers, playbook
from benchmarks.promotion.images import manifest_bytes, push_image, push_index
from benchmarks.promotion.promotion import Ours, Promotion, run
from benchmarks.promotion.registry import DockerRegistry

MIB = 1 << 20
OURS, SKOPEO, DOCKER = "ours", "skopeo", "docker"
#: Ours, with `ansible-playbook` around it.
PLAYBOOK = "playbook"


@dataclass(frozen=True)
class Sizes:
    """Layers of the images in bytes. ``chunk_bytes`` 0 is the module's default."""

    six: tuple[int, ...] = (50 * MIB,) * 6
    single: tuple[int, ...] = (2048 * MIB,)
    many: tuple[int, ...] = (1 * MIB,) * 200
    platform_layer: int = 50 * MIB
    chunk_bytes: int = 0

    def describe(self, image: str) -> str:
        """What an image is made of."""
        if image == "index":
            return f"index of 3 x 2 x {_short(self.platform_layer)} with referrers"
        layers: tuple[int, ...] = getattr(self, image)
        return f"{len(layers)} x {_short(layers[0])}"


QUICK = Sizes((64 << 10,) * 6, (3 * MIB,), (4 << 10,) * 30, 16 << 10, 256 << 10)
DEFAULT_CHUNK_BYTES = 32 * MIB


@dataclass(frozen=True)
class Sample:
    """One run of one tool: seconds, the load average when it began, and what else ours tells."""

    tool: str
    seconds: float
    load: float
    ours: Ours | None = None


@dataclass
class Samples:
    """All runs of a case, and the tools that could not do it, with what they said."""

    all: list[Sample] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def of(self, tool: str) -> list[Sample]:
        """One tool's."""
        return [sample for sample in self.all if sample.tool == tool]


@dataclass
class Lab:
    """The registries and what is asked of them. ``say`` tells how far it is."""

    folder: Path
    source: DockerRegistry
    destination: DockerRegistry
    sizes: Sizes
    tools: tuple[str, ...]
    runs: int
    say: Callable[[str], None]
    pushed: set[str] = field(default_factory=set)

    def image(self, name: str) -> str:
        """The image of this name at the source, pushed when it is first asked for."""
        if name not in self.pushed:
            self.say(f"pushing {name} to the source")
            if name == "index":
                push_index(self.source.host, name, self.sizes.platform_layer)
            else:
                push_image(self.source.host, name, list(getattr(self.sizes, name)), second=name == "six")
            self.pushed.add(name)
        return name

    def promotion(self, image: str, tag: str, source: str = "", destination: str = "") -> Promotion:
        """Ours, as the module is asked for it; between other hosts where proxies stand before the registries."""
        return Promotion(
            source or self.source.host,
            destination or self.destination.host,
            image,
            repository(OURS, image),
            tag,
            self.folder / "state",
            self.sizes.chunk_bytes,
        )

    def copy(self, tool: str, image: str, tag: str, source: str = "", destination: str = "") -> Sample:
        """Copy an image with a tool, into the tool's own repository of the destination."""
        os.sync()  # what others wrote is not on this tool's bill
        began = load()
        if tool == OURS:
            ours = run(self.promotion(image, tag, source, destination))
            return Sample(tool, ours.seconds, began, ours)
        if tool == PLAYBOOK:
            asked = self.promotion(image, tag, source, destination)
            asked = replace(asked, destination_repository=repository(PLAYBOOK, image))
            return Sample(tool, playbook.run(asked, self.folder), began)
        copy = peers.skopeo if tool == SKOPEO else peers.docker
        return Sample(tool, copy(*self.names(tool, image, tag, source, destination)), began)

    def names(self, tool: str, image: str, tag: str, source: str = "", destination: str = "") -> tuple[str, str]:
        """An image at the source, and at the destination."""
        return (
            f"{source or self.source.host}/{image}:{tag}",
            f"{destination or self.destination.host}/{repository(tool, image)}:{tag}",
        )

    def forget(self, image: str, tag: str) -> None:
        """Take an image from the engine, if docker takes part."""
        if DOCKER in self.tools:
            peers.docker_forget(*self.names(DOCKER, image, tag))

    def forget_all(self) -> None:
        """Leave nothing in the engine."""
        for image in self.pushed:
            for tag in ("1", "2"):
                self.forget(image, tag)

    def layer_bytes(self, image: str, tag: str) -> int:
        """What the blobs of an image hold together, as its manifest says."""
        return manifest_bytes(self.source.host, image, tag)

    def require(self, path: str, status: int, why: str) -> None:
        """Stop when the destination answers otherwise: the figure would be of something else."""
        if (seen := self.destination.get(path)) != status:
            raise BenchmarkError(f"{why}: the destination answers {seen} to {path}, where {status} was expected.")


def _short(size: int) -> str:
    """Mebibytes, or kibibytes of what is less."""
    return f"{size // MIB} MiB" if size >= MIB else f"{size >> 10} KiB"


def repository(tool: str, image: str) -> str:
    """A tool's repository of the destination."""
    return f"{tool}/{image}"
