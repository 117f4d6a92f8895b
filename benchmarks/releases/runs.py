# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments, one after the other, in a sandbox that is made for them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import machine
from benchmarks.errors import BenchmarkError
from benchmarks.provision.faults import Proxy, Weather
from benchmarks.releases.figures import Cell, Course, Said, cell
from benchmarks.releases.kinds import STRATEGIES
from benchmarks.releases.lab import Lab
from benchmarks.releases.load import PATH, Load
from benchmarks.releases.plans import Planned
from benchmarks.releases.results import Results
from benchmarks.releases.ways import all_ways, baked_seconds
from sandbox import state
from tools.files import ROOT

NAME = f"benchmark-releases-{os.getpid()}"
_CALM_SECONDS = 3.0
"""How long users are watched before and after a deployment."""
_CALM_TRIES = 5


@dataclass(frozen=True)
class Terms:
    """How all of them are run. *extra* are variables of every deployment of ours; none begins after *until*.

    AWS's API has the *weather* while they are deployed.
    """

    extra: Mapping[str, object]
    commit: str
    until: float | None = None
    weather: Weather | None = None

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return self.until is not None and time.monotonic() > self.until


def run(cells: Sequence[Planned], results: Results, terms: Terms) -> None:
    """Run the *cells* and keep each in *results*."""
    with _lab(results.folder, terms.weather) as lab:
        lab.provision()
        base = running = lab.images.push(None)
        for count, planned in enumerate(cells, 1):
            if terms.is_over:
                print(f"  the time is over: {len(cells) - count + 1} cells are left", file=sys.stderr)
                return
            # A series goes on from what it has deployed, each cell of the table from the same version.
            if not planned.number or not lab.is_steady(running):
                lab.restore(base, shifts=planned.way in STRATEGIES[1:])
                running = base
            tag = lab.images.push(planned.kind, planned.number)
            done = _calm_cell(lab, planned, terms, running, tag)
            results.add(replace(done, commit=terms.commit, load=machine.load()))
            running = tag if done.said is Said.ACCEPTED else running
            print(f"  {count} of {len(cells)}: {_told(done)}", file=sys.stderr, flush=True)


def _calm_cell(lab: Lab, planned: Planned, terms: Terms, running: str, tag: str) -> Cell:
    """A cell that says something of its release: not that what the one before did was in alarm still, or again."""
    for _ in range(_CALM_TRIES):
        lab.await_calm()
        done = _cell(lab, planned, terms, running, tag)
        if planned.way not in STRATEGIES or not lab.met_alarm(planned.name):
            return done
    raise BenchmarkError(f"The alarm of releases came back before {planned.name}, {_CALM_TRIES} times in a row.")


def _told(done: Cell) -> str:
    right = "right" if done.right else "WRONG"
    name = f"{done.kind} {done.number}" if done.number else done.kind
    return f"{name}, {done.way}: {done.said}, {right}; {done.failed} of {done.requests} requests failed"


def _cell(lab: Lab, planned: Planned, terms: Terms, running: str, tag: str) -> Cell:
    """Deploy the release *tag* over the version that is *running*."""
    with Load(f"{lab.url}{PATH}", lab.trust) as load:
        time.sleep(_CALM_SECONDS)
        began = time.time()
        with lab.watch(began) as watcher:
            said = all_ways(terms.extra)[planned.way](lab, planned, tag)
            ended = time.time()
        if said is not Said.NOTHING:
            lab.settle()
        time.sleep(_CALM_SECONDS)
    runs = lab.runs()
    course = Course(
        began=began,
        ended=ended,
        said=said,
        seen=lab.seen(watcher, began),
        old_runs=runs == running,
        new_runs=runs == tag,
        baked=baked_seconds(planned.way, terms.extra),
    )
    return cell(planned, course, load.samples, tag)


@contextmanager
def _lab(logs: Path, weather: Weather | None) -> Iterator[Lab]:
    """Prod's sandbox; it ends with the context. The logs of what failed are kept."""
    subprocess.run([sys.executable, "-m", "tools.engine", "ensure"], cwd=ROOT, check=True, stdout=sys.stderr)
    try:
        _sandbox("up")
        known = state.read_state(state.home_of(NAME))
        if known is None:
            raise BenchmarkError("The sandbox did not come up; python -m sandbox logs says why.")
        with Proxy(known.endpoint_url, weather or Weather()) as proxy:
            lab = Lab(known, logs, proxy.url if weather else known.endpoint_url)
            yield lab
            lab.images.close()
    finally:
        # Who is told to end twice still ends the sandbox.
        for told in (signal.SIGTERM, signal.SIGINT):
            signal.signal(told, signal.SIG_IGN)
        _sandbox("down")


def _sandbox(command: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "sandbox", command, "--name", NAME], cwd=ROOT, check=command == "up", stdout=sys.stderr
    )
