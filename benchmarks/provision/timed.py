# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A command, timed with all the processes that it starts."""

import os
import resource
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from benchmarks.errors import BenchmarkError
from tools.files import ROOT


@dataclass(frozen=True)
class Sample:
    """What a run took, in seconds, and the load average of the last minute at its end."""

    wall: float
    processor: float
    load: float


@dataclass(frozen=True)
class Contender:
    """Commands that are run one after the other, and what each prints when it changed nothing."""

    name: str
    commands: Sequence[Sequence[str]]
    unchanged: str


def run(contender: Contender, environment: Mapping[str, str], *, check: bool = True) -> Sample:
    """Run it. Raises BenchmarkError when a command fails or, with *check*, does not say that it changed nothing."""
    before, began = _processor(), monotonic()
    said = [_output(command, environment) for command in contender.commands]
    sample = Sample(monotonic() - began, _processor() - before, os.getloadavg()[0])
    for text in said:
        if check and contender.unchanged not in text:
            raise BenchmarkError(f"{contender.name} did not say {contender.unchanged!r}: {text[-1500:]}")
    return sample


def _output(command: Sequence[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BenchmarkError(f"`{' '.join(command)[:300]}` failed: {done.stdout.strip()[-1500:]}")
    return done.stdout


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
