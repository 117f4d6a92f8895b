# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service refuses as an inventory ships it, and a league's inventory has to raise."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from benchmarks.league.calendar import MINUTE, Assumed
from benchmarks.league.queue import Outcome
from tools.files import ROOT

SETTINGS = Path("service", "src", "fastbreak_service", "settings.py")
SHARED = Path("inventories", "shared", "all.yml")


def shipped(name: str) -> int:
    """A setting of the service: the inventories' own, or else the service's default."""
    variables = yaml.safe_load((ROOT / SHARED).read_text(encoding="utf-8"))["ecs_rollout_environment"]
    if f"FASTBREAK_{name}" in variables:
        return int(variables[f"FASTBREAK_{name}"])
    (found,) = re.findall(rf'"{name}", ([\d_]+)', (ROOT / SETTINGS).read_text(encoding="utf-8"))
    return int(found)


def raised(assumed: Assumed, cpu_seconds: float, outcome: Outcome) -> Iterator[str]:
    """What has to be raised for clips of so many *cpu_seconds* a footage minute, and for that course, one a line."""
    wanted = {
        "MAX_DURATION_SECONDS": (assumed.clip_minutes * MINUTE, "seconds in a clip"),
        "MAX_WORK_SECONDS": (assumed.clip_minutes * cpu_seconds, "processor seconds of work in a clip"),
        "QUEUE_SIZE": (float(outcome.queued), "clips that wait at once"),
    }
    for name, (needed, what) in wanted.items():
        if needed > shipped(name):
            yield f"FASTBREAK_{name}: {needed:.0f} {what}; more than {shipped(name)} are refused as shipped"
