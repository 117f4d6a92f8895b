# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cases that are timed: each tool copies the same image, in turns."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from benchmarks.errors import BenchmarkError
from benchmarks.promotion.lab import DOCKER, OURS, PLAYBOOK, Lab, Sample, Samples, repository
from benchmarks.promotion.proxy import Proxy


@dataclass(frozen=True)
class Hosts:
    """Where the registries are reached; empty: directly."""

    source: str = ""
    destination: str = ""


DIRECT = Hosts()


def cold(lab: Lab, image: str, tools: tuple[str, ...] | None = None, hosts: Hosts = DIRECT) -> Samples:
    """The destination is empty, and so is the engine."""
    lab.image(image)

    def empty(tool: str) -> None:
        lab.destination.restore(set())
        lab.forget(image, "1")
        lab.require(f"/v2/{repository(tool, image)}/manifests/1", 404, "The destination is not empty")

    return _in_turns(lab, image, "1", empty, tools or lab.tools, hosts)


def playbook(lab: Lab, image: str) -> Samples:
    """As cold, ours with `ansible-playbook` from its start to its end."""
    tools = tuple(PLAYBOOK if tool == OURS else tool for tool in lab.tools if tool != DOCKER)
    found = cold(lab, image, tools)
    return Samples([replace(each, tool=OURS) if each.tool == PLAYBOOK else each for each in found.all], found.failed)


def new_layer(lab: Lab, image: str) -> Samples:
    """The destination has tag 1; tag 2 differs in its last layer."""
    samples = Samples()
    tools = _filled(lab, image, samples)
    before = lab.destination.files()

    def without_the_second(tool: str) -> None:
        lab.destination.restore(before)
        lab.forget(image, "2")
        lab.require(f"/v2/{repository(tool, image)}/manifests/1", 200, "The destination lost the first image")
        lab.require(f"/v2/{repository(tool, image)}/manifests/2", 404, "The destination has the second image")

    return _in_turns(lab, image, "2", without_the_second, tools, DIRECT, samples)


def present(lab: Lab, image: str) -> Samples:
    """The destination has all of it."""
    samples = Samples()
    tools = _filled(lab, image, samples)

    def check(tool: str) -> None:
        lab.require(f"/v2/{repository(tool, image)}/manifests/1", 200, "The destination lost the image")

    return _in_turns(lab, image, "1", check, tools, DIRECT, samples)


def delayed(lab: Lab, image: str, seconds: float) -> Samples:
    """As cold, with a delay before each answer of both registries. docker would need more than its engine offers."""
    with (
        Proxy(lab.source.port, delay_seconds=seconds) as source,
        Proxy(lab.destination.port, delay_seconds=seconds) as destination,
    ):
        tools = tuple(tool for tool in lab.tools if tool != DOCKER)
        return cold(lab, image, tools, Hosts(source.host, destination.host))


def _filled(lab: Lab, image: str, samples: Samples) -> tuple[str, ...]:
    """Let every tool copy tag 1 into an empty destination; returns those that could."""
    lab.image(image)
    lab.destination.restore(set())
    lab.forget(image, "1")
    lab.forget(image, "2")
    return tuple(tool for tool in lab.tools if _try(samples, tool, partial(lab.copy, tool, image, "1")))


def _try(samples: Samples, tool: str, work: Callable[[], Sample]) -> Sample | None:
    """What a tool took, or None when it cannot do it. What ours cannot do ends the benchmark."""
    try:
        return work()
    except BenchmarkError as error:
        if tool in (OURS, PLAYBOOK):
            raise
        samples.failed[tool] = str(error)
        return None


def _in_turns(  # noqa: PLR0913, PLR0917 (made in three places, all above)
    lab: Lab,
    image: str,
    tag: str,
    prepare: Callable[[str], None],
    tools: tuple[str, ...],
    hosts: Hosts,
    samples: Samples | None = None,
) -> Samples:
    """Each tool once a round, the order turned round every time, so that all see the same machine."""
    found = samples or Samples()
    for number in range(lab.runs):
        for tool in tools if number % 2 == 0 else reversed(tools):
            if tool in found.failed:
                continue
            prepare(tool)

            if last := _try(found, tool, partial(lab.copy, tool, image, tag, hosts.source, hosts.destination)):
                found.all.append(last)
                lab.say(f"  run {number + 1}: {tool} {last.seconds:.2f} s (load {last.load:.1f})")
                lab.require(f"/v2/{repository(tool, image)}/manifests/{tag}", 200, "The image was not copied")
    return found
