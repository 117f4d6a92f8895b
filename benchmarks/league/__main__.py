# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Simulate a league's footage on prod's workers: tasks, waits and cents, scaled and with fixed capacity.

What a minute of footage costs is measured first, with ten players in the picture, unless it is given. Workers' size,
their numbers and what scaling follows are the inventory's. No task is started; prices are Fargate's as last known.
"""

import json
import math
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.prices import AS_OF, HOURLY

from benchmarks import machine
from benchmarks.errors import BenchmarkError
from benchmarks.league.calendar import Assumed, Clip, clips
from benchmarks.league.limits import raised
from benchmarks.league.queue import Outcome, Simulation, Work
from benchmarks.league.scaling import Policy
from tools.command_line import parser
from tools.files import ROOT

RELEASE = Path("group_vars", "all", "20_release.yml")
PLAYERS, RATE = 10, 30
HOUR = 3600.0
COLUMNS = (
    "| capacity | tasks at most | work waits: median | 99 % | ready after: median | 99 % | busy | begun and lost "
    "| USD a week | cents a footage minute |"
)


@dataclass(frozen=True)
class Worker:
    """A worker's size, and how its service scales, as an inventory has it."""

    vcpu: float
    gib: float
    policy: Policy

    @classmethod
    def of(cls, environment: str) -> "Worker":
        """The worker of an environment's inventory."""
        variables = yaml.safe_load((ROOT / "inventories" / environment / RELEASE).read_text(encoding="utf-8"))
        told: dict[str, Any] = next(one for one in variables["ecs_rollout_companions"] if one["name"] == "worker")
        policy = Policy(
            told["tasks_minimum"],
            told["tasks_maximum"],
            told["scaling_backlog_per_task"],
            told["scaling_backlog_age_seconds"],
        )
        return cls(told["cpu"] / 1024, told["memory_mib"] / 1024, policy)

    @property
    def usd_an_hour(self) -> float:
        return self.vcpu * HOURLY["fargate_x86_64_vcpu"] + self.gib * HOURLY["fargate_x86_64_gib"]


def main(words: Sequence[str]) -> int:
    made = parser("benchmarks.league", __doc__)
    made.add_argument("--environment", default="prod", help="whose inventory is read (default: %(default)s)")
    made.add_argument("--cpu-seconds", type=float, help="processor seconds of a footage minute (default: measured)")
    made.add_argument("--piece-minutes", type=float, default=1.0, help="footage in a piece of work (%(default)s)")
    made.add_argument("--start-seconds", type=float, default=60.0, help="until a task works (default: %(default)s)")
    made.add_argument("--maximum", type=int, default=200, help="tasks that a quota would allow (default: %(default)s)")
    for field in fields(Assumed):
        name, kind = field.name.replace("_", "-"), type(field.default)
        made.add_argument(f"--{name}", type=kind, default=field.default, help="(default: %(default)s)")
    given = made.parse_args(words)
    assumed = Assumed(**{field.name: getattr(given, field.name) for field in fields(Assumed)})
    if wrong := [name for name, value in vars(given).items() if _is_wrong(name, value)]:
        made.error(f"{', '.join(wrong)} must be above 0")
    try:
        worker = Worker.of(given.environment)
        cpu = given.cpu_seconds or measured()
    except (BenchmarkError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    work = Work(cpu / worker.vcpu, given.piece_minutes, given.start_seconds)
    print("\n".join(report(assumed, worker, work, given.maximum)))
    return 0


def _is_wrong(name: str, value: object) -> bool:
    return name != "seed" and isinstance(value, int | float) and not value > 0


def measured() -> float:
    """Processor seconds of a minute of footage with ten players, measured on a film of three seconds."""
    python = ROOT / ".venv-service" / "bin" / "python"
    command = [str(python), str(ROOT / "service" / "benchmarks" / "vision.py"), "--crowd", str(PLAYERS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchmarkError(f"{' '.join(command)} failed:\n{done.stderr}")
    return float(json.loads(done.stdout.splitlines()[-1])["cpu_ms_per_frame"]) / 1000 * RATE * 60


def report(assumed: Assumed, worker: Worker, work: Work, maximum: int) -> Iterator[str]:
    """The lines of the table, and above it what it is of."""
    arriving = clips(assumed)
    minutes = sum(clip.minutes for clip in arriving)
    busy = minutes * work.seconds
    mean = math.ceil(busy / (assumed.weeks * 7 * 24 * HOUR))
    yield from _head(assumed, worker, work, arriving)
    yield COLUMNS
    yield "|---" * (COLUMNS.count("|") - 1) + "|"
    outcomes = _scaled(work, worker.policy, arriving, maximum)
    wanted = _share(list(outcomes.values())[-1].ready, 0.99)
    enough = _enough(work, arriving, wanted, mean, maximum)
    for name, tasks in {"what is needed on average": mean, "as soon as the scaled before": enough}.items():
        outcomes[f"fixed, {tasks}: {name}"] = Simulation(work, Policy.fixed(tasks)).run(arriving)
    for name, outcome in outcomes.items():
        usd = outcome.paid / HOUR * worker.usd_an_hour
        yield (
            f"| {name} | {outcome.most} | {_waits(outcome)} | {busy / outcome.paid:.0%} | {outcome.lost / busy:.1%} "
            f"| {usd / assumed.weeks:.0f} | {100 * usd / minutes:.3f} |"
        )
    yield "\nRaise in ecs_rollout_environment, beside tasks_maximum, FASTBREAK_MAX_UPLOAD_BYTES and connections:"
    yield from raised(assumed, work.seconds * worker.vcpu, outcomes[f"scaled, 0 to {maximum}"])


def _scaled(work: Work, policy: Policy, arriving: Sequence[Clip], maximum: int) -> dict[str, Outcome]:
    """As the inventory scales, and from 0 to what a quota allows, with clips as one piece of work and with many."""
    least, most = policy.minimum, policy.maximum
    unbound, whole = replace(policy, minimum=0, maximum=maximum), replace(work, piece_minutes=math.inf)
    return {
        f"as the inventory scales, {least} to {most}": Simulation(work, policy).run(arriving),
        f"scaled, 0 to {maximum}, clips whole": Simulation(whole, unbound).run(arriving),
        f"scaled, 0 to {maximum}": Simulation(work, unbound).run(arriving),
    }


def _head(assumed: Assumed, worker: Worker, work: Work, arriving: Sequence[Clip]) -> Iterator[str]:
    hours = sum(clip.minutes for clip in arriving) / 60
    described = machine.describe(ROOT, {})
    yield ", ".join(described.values())
    yield f"{assumed.teams} teams, {assumed.weeks} weeks, {len(arriving)} clips, {hours:.0f} hours of footage"
    yield f"a worker has {worker.vcpu:g} vCPU and {worker.gib:g} GiB, {worker.usd_an_hour:.4f} USD an hour ({AS_OF})"
    yield (
        f"a footage minute takes {work.seconds * worker.vcpu:.1f} processor seconds, a task starts in "
        f"{work.start_seconds:g} s, a piece of work has {work.piece_minutes:g} footage minutes at most\n"
    )


def _enough(work: Work, arriving: Sequence[Clip], wanted: float, least: int, most: int) -> int:
    """The fewest tasks that are always there and have 99 % of the clips ready as soon as that; found by halving."""
    while least < most:
        middle = (least + most) // 2
        if _share(Simulation(work, Policy.fixed(middle)).run(arriving).ready, 0.99) <= wanted:
            most = middle
        else:
            least = middle + 1
    return least


def _waits(outcome: Outcome) -> str:
    return " | ".join(_time(_share(times, share)) for times in (outcome.waits, outcome.ready) for share in (0.5, 0.99))


def _share(values: Sequence[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 1.5 * HOUR else f"{seconds / HOUR:.1f} h"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
