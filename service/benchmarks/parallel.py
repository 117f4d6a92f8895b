# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What one long clip takes of one, two and four workers, in processor time.

python benchmarks/parallel.py [--loops N] [--segment-seconds N]

The clip is the tests' footage over and over, encoded anew. It is analysed in one go first, and then in segments.
Counted is the processor time of all workers and their processes from when they are ready, so that a machine with fewer
processors than workers does. What is linear takes the same of n workers as of one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache"
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "src"), str(HERE.parent / "tests")]

from fetch import fetch  # noqa: E402
from footage import footage  # noqa: E402

from support import clips  # noqa: E402
from support.postgres import Postgres  # noqa: E402
from support.service import Service, command  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastbreak_service.vision.arrays import Bytes

WORKERS = (1, 2, 4)
WIDTH, HEIGHT = 1280, 720
LEAST = 0.9
_LOOK = clips.Look("libx264", encoder={"preset": "veryfast", "g": "60"})
_PATIENCE_SECONDS = 7200


@dataclass(frozen=True)
class Run:
    """An analysis of the clip: by how many workers, what they took in seconds, and what came of it."""

    workers: int
    seconds: float
    analysis: dict[str, Any]


def looped(source: Path, loops: int) -> Iterator[Bytes]:
    """The pictures of a clip, over and over."""
    for _ in range(loops):
        with av.open(str(source)) as container:
            for frame in container.decode(video=0):
                yield clips.pixels(frame, WIDTH, HEIGHT)


def spent(pid: int) -> float:
    """The processor time of a process so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def taken(workers: list[Service]) -> float:
    """The processor time of workers and of their processes that analyse, in seconds."""
    pids = [worker.process.pid for worker in workers if worker.process] + [worker.worker_pid() for worker in workers]
    return sum(map(spent, pids))


def run(settings: dict[str, str], clip: bytes, workers: int, segment_seconds: int, folder: Path) -> Run:
    """Have the clip analysed by some workers; 0 seconds: in one go."""
    folder.mkdir()
    apart = {"FASTBREAK_FOOTAGE": str(folder / "footage"), "FASTBREAK_SEGMENT_SECONDS": str(segment_seconds)}
    api = Service(settings | apart | {"FASTBREAK_WORKER": "apart"}, folder / "api.jsonl")
    others = [Service(settings | apart, folder / f"{number}.jsonl", program="work") for number in range(workers)]
    with ExitStack() as stack:
        for service in (api, *others):
            stack.callback(service.end)
            service.launch()
        api.wait_ready()
        for worker in others:
            worker.wait_logged(event="worker started")
        before = taken(others)
        analysis = api.wait_for(api.accepted(clip), seconds=_PATIENCE_SECONDS)
        return Run(workers, taken(others) - before, analysis)


def runs(clip: bytes, segment_seconds: int) -> Iterator[Run]:
    """The clip in one go, then in segments by more and more workers."""
    server = Postgres()
    try:
        server.run()
        settings = server.environment(server.database()) | {"FASTBREAK_IDENTITY": "open"}
        subprocess.run(command("migrate"), env={**os.environ, **settings}, check=True, capture_output=True)
        with tempfile.TemporaryDirectory() as made:
            yield run(settings, clip, 1, 0, Path(made) / "whole")
            for workers in WORKERS:
                yield run(settings, clip, workers, segment_seconds, Path(made) / str(workers))
    finally:
        server.remove()


def told(found: Iterator[Run]) -> float:
    """Print a row for each run as it ends; the worst that is linear of those in segments, beside one go."""
    print("| workers | segments | processor seconds | of one go | frames | persons |\n|---|---|---|---|---|---|")
    whole, worst = 0.0, 1.0
    for one in found:
        whole = whole or one.seconds
        linear = whole / one.seconds
        worst = min(worst, linear)
        count = (one.analysis["segments"] or {"count": "one go"})["count"]
        frames, persons = one.analysis["video"]["frames"], len(one.analysis["persons"])
        print(f"| {one.workers} | {count} | {one.seconds:.1f} | {linear:.2f} | {frames} | {persons} |", flush=True)
    return worst


def main() -> None:
    """Print the table; exit 1 when it is not linear."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--loops", type=int, default=32)
    parser.add_argument("--segment-seconds", type=int, default=60)
    options = parser.parse_args()
    fetch(HERE.parent / "models.lock", CACHE / "models")
    os.environ["FASTBREAK_MODELS_DIRECTORY"] = str(CACHE / "models")
    os.environ["PYTHONPATH"] = str(HERE.parent / "src")
    with tempfile.TemporaryDirectory() as made:
        path = clips.write(Path(made) / "long.mp4", looped(footage(CACHE / "footage"), options.loops), _LOOK)
        clip = path.read_bytes()
    print(f"{options.loops} times the footage, {len(clip) / 1e6:.1f} MB\n", flush=True)
    sys.exit(told(runs(clip, options.segment_seconds)) < LEAST)


if __name__ == "__main__":
    main()
