# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests a run makes when everything is there already, counted at both registries."""

from collections import Counter
from dataclasses import dataclass

from benchmarks.promotion.lab import DOCKER, Lab, repository
from benchmarks.promotion.proxy import Proxy


@dataclass(frozen=True)
class Requests:
    """Of one tool for one image. ``manifests``: those that the destination holds, the attachments' too."""

    tool: str
    image: str
    manifests: int
    source: dict[str, int]
    destination: dict[str, int]

    @property
    def per_manifest(self) -> float:
        """All requests, on both sides, for each manifest; those for blobs, each of which is asked for once, aside."""
        blobs = self.source.get("blobs", 0) + self.destination.get("blobs", 0)
        return (self.total - blobs) / self.manifests

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.source.values()) + sum(self.destination.values())


def requests(lab: Lab, image: str) -> list[Requests]:
    """What each tool asks for when the destination has it all."""
    lab.image(image)
    found = []
    with Proxy(lab.source.port) as source, Proxy(lab.destination.port) as destination:
        for tool in lab.tools:
            if tool == DOCKER:
                continue
            lab.destination.restore(set())
            lab.copy(tool, image, "1", source.host, destination.host)
            source.reset()
            destination.reset()
            lab.copy(tool, image, "1", source.host, destination.host)
            seen = Requests(
                tool, image, lab.destination.manifests(repository(tool, image)), _kinds(source), _kinds(destination)
            )
            lab.say(f"  {tool}, {image}: source {seen.source}, destination {seen.destination}")
            found.append(seen)
    return found


def _kinds(proxy: Proxy) -> dict[str, int]:
    """Requests by what they ask for: manifests, blobs, tags, referrers, or the registry itself."""
    kinds = Counter(_kind(path) for _method, path in proxy.requests)
    return dict(kinds.most_common())


def _kind(path: str) -> str:
    parts = path.strip("/").split("/")
    for kind in ("manifests", "blobs", "referrers", "tags"):
        if kind in parts[2:]:
            return kind
    return "api"
