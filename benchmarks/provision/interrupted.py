# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""First converges that are killed, and one while AWS throttles and fails."""

import os
import signal
import subprocess
from collections.abc import Mapping
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.provision import lab
from benchmarks.provision.faults import Proxy, Weather
from benchmarks.provision.timed import Contender, run
from tools.files import ROOT

KILLS = 10
WEATHER = Weather(throttled=0.10, failed=0.05)


def kills(name: str, converge: Contender) -> tuple[list[str], dict[str, Any]]:
    """Kill a first converge at moments spread over its length, run it again, and once more without a change."""
    with lab.sandbox(name) as where:
        whole = run(converge, where, check=False).wall
        moments, failures = [whole * (number + 1) / (KILLS + 1) for number in range(KILLS)], []
        for moment in moments:
            lab.reset(name, where)
            _killed(converge, where, moment)
            try:
                run(converge, where, check=False)
                run(converge, where)
            except BenchmarkError as error:
                failures.append(f"killed after {moment:.1f} s: {error}")
    line = (
        f"{KILLS} first converges killed after {moments[0]:.1f} to {moments[-1]:.1f} s of {whole:.1f} s: "
        f"{KILLS - len(failures)} converged in the next run, and changed nothing in the one after"
    )
    return [line, *failures], {"moments": moments, "failures": failures}


def weather(name: str, converge: Contender) -> tuple[list[str], dict[str, Any]]:
    """A first converge and one without a change, behind a proxy that throttles and fails calls."""
    with lab.sandbox(name) as where, Proxy(where["AWS_ENDPOINT_URL"], WEATHER) as proxy:
        stormy, failures = lab.environment(proxy.url), []
        walls = []
        for check in (False, True):
            try:
                walls.append(run(converge, stormy, check=check).wall)
            except BenchmarkError as error:
                failures.append(str(error))
        counts = dict(proxy.counts)
    line = (
        f"a first converge and one without a change, {WEATHER.throttled:.0%} of calls throttled, {WEATHER.failed:.0%} "
        f"failed ({counts}): {' and '.join(f'{wall:.1f} s' for wall in walls)}, {len(failures)} failures"
    )
    return [line, *failures], {"counts": counts, "walls": walls, "failures": failures}


def _killed(contender: Contender, where: Mapping[str, str], seconds: float) -> None:
    """Kill the command's process group after so many seconds. Workers end by themselves soon after; stacks go on."""
    process = subprocess.Popen(
        contender.commands[0],
        cwd=ROOT,
        env={**os.environ, **where},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
