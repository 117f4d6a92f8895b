# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is killed at 90 % of a large layer, and run again: how much is sent a second time."""

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.errors import BenchmarkError
from benchmarks.promotion import peers
from benchmarks.promotion.lab import DEFAULT_CHUNK_BYTES, OURS, SKOPEO, Lab
from benchmarks.promotion.promotion import run, start
from benchmarks.promotion.proxy import BodyWatch, Head, Proxy

SHARE = 0.9
_PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Interruption:
    """What it cost: bytes sent in both runs beyond those of the image, and how long the second run took."""

    tool: str
    where: str
    sent_first: int
    sent_second: int
    size: int
    second_seconds: float

    @property
    def sent_again(self) -> int:
        """Bytes that were sent twice."""
        return self.sent_first + self.sent_second - self.size


class _Cut(BodyWatch):
    """Holds the uploads at one point of them, until the process that sends is dead."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.dead = threading.Event()
        self._lock = threading.Lock()
        self._bytes = 0

    def _add(self, count: int) -> int:
        with self._lock:
            self._bytes += count
            return self._bytes

    def _hold(self) -> None:
        self.reached.set()
        self.dead.wait(_PATIENCE_SECONDS)
        raise ConnectionAbortedError("the sender was killed here")


class _CutBetweenChunks(_Cut):
    """Between two chunks: the first is acknowledged, and nothing of the next has reached the registry."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after

    def answered(self, head: Head, status: int, sent: int) -> None:
        if head.method == "PATCH" and status == 202:
            self._add(sent)

    def before(self, head: Head) -> None:
        if head.method == "PATCH" and self._add(0) >= self._after:
            self._hold()


class _CutInside(_Cut):
    """Inside the body of a request, as it comes."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after

    def body(self, sent: int) -> None:
        if self._add(sent) >= self._after:
            self._hold()


def interrupted(lab: Lab) -> list[Interruption]:
    """Ours between chunks, ours inside a chunk, and skopeo, which sends a layer in one piece."""
    image = lab.image("single")
    size = sum(lab.sizes.single)
    chunk = lab.sizes.chunk_bytes or DEFAULT_CHUNK_BYTES
    share = int(size * SHARE)
    found = [
        _interrupt(lab, image, OURS, "between two chunks", _CutBetweenChunks(share)),
        _interrupt(lab, image, OURS, "inside a chunk", _CutInside(share // chunk * chunk + chunk // 2)),
    ]
    if SKOPEO in lab.tools:
        found.append(_interrupt(lab, image, SKOPEO, "inside the layer", _CutInside(share)))
    return found


def _interrupt(lab: Lab, image: str, tool: str, where: str, cut: _Cut) -> Interruption:
    lab.destination.restore(set())
    with Proxy(lab.destination.port, watch=cut) as proxy:
        command, again = _runs(lab, image, tool, proxy.host)
        with command() as process:
            _kill(process, cut, proxy)
        first = proxy.uploaded_bytes
        proxy.watch = BodyWatch()
        began = time.monotonic()
        again()
        second, seconds = proxy.uploaded_bytes - first, time.monotonic() - began
    lab.say(f"  {tool}, killed {where}: {first >> 20} MiB, then {second >> 20} MiB in {seconds:.1f} s")
    return Interruption(tool, where, first, second, lab.layer_bytes(image, "1"), seconds)


def _runs(
    lab: Lab, image: str, tool: str, destination: str
) -> tuple[Callable[[], subprocess.Popen[str]], Callable[[], object]]:
    """How the tool is begun, and how it is run to its end."""
    if tool == OURS:
        promotion = lab.promotion(image, "1", destination=destination)
        return lambda: start(promotion), lambda: run(promotion)
    names = lab.names(tool, image, "1", destination=destination)
    command = peers.skopeo_command(*names)
    return lambda: subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ), lambda: peers.skopeo(*names)


def _kill(process: subprocess.Popen[str], cut: _Cut, proxy: Proxy) -> None:
    """Kill it where *cut* holds it."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not cut.reached.wait(0.1):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            _output, problems = process.communicate()
            raise BenchmarkError(f"It ended, or hung, before it could be killed: {problems.strip()[-600:]}")
    process.kill()
    process.communicate()
    cut.dead.set()
    proxy.cut()
    proxy.settle()
