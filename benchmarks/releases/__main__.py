# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deploy bad releases of many kinds to prod in a sandbox, under 50 requests a second: by each strategy, by other tools.

Each cell is kept when it is done, and none that is there is run again: a run that ends early is taken up by the next.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import machine
from benchmarks.errors import BenchmarkError
from benchmarks.provision.interrupted import WEATHER
from benchmarks.releases import plans, report, runs
from benchmarks.releases.kinds import BY_NAME, PEERS, STRATEGIES
from benchmarks.releases.results import Results
from sandbox.host import bake_scale
from tools.command_line import parser
from tools.files import ROOT

WAYS = (*STRATEGIES, *PEERS)
FOLDER = ROOT / ".cache" / "bench-releases"


def main(words: Sequence[str]) -> int:
    """Run what is missing and print the table. A wrong verdict is a figure, no failure of the command."""
    made = parser("benchmarks.releases", __doc__)
    made.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="(default: all)")
    made.add_argument("--kinds", nargs="+", choices=list(BY_NAME), default=list(BY_NAME), help="(default: all)")
    series = made.add_mutually_exclusive_group()
    series.add_argument(
        "--in-a-row", type=_count, metavar="N", help="instead: N good releases in a row by each strategy"
    )
    series.add_argument(
        "--among-faults", type=_count, metavar="N", help="instead: N releases while AWS throttles and fails"
    )
    made.add_argument("--results", type=Path, help="the file of the cells; logs lie beside it (default: one a series)")
    made.add_argument("--minutes", type=float, help="begin no cell after so many minutes")
    made.add_argument("--extra", type=_variables, default={}, help="variables of every deployment of ours, as JSON")
    made.add_argument("--print", action="store_true", help="only print the table of the cells that are there")
    given = made.parse_args(words)
    # The sandbox ends with this program, however it is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    name, wanted = _wanted(given)
    try:
        results = Results(given.results or FOLDER / f"{name}.json")
        if not given.print:
            results.begin(_described(given.extra))
            missing = [planned for planned in wanted if planned.key not in results.cells]
            until = time.monotonic() + 60 * given.minutes if given.minutes else None
            if missing:
                weather = WEATHER if given.among_faults else None
                runs.run(missing, results, runs.Terms(given.extra, _commit(), until, weather))
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    told = report.text if name == "cells" else report.series
    print(told(results.cells, results.machine, given.ways))
    return 0


def _wanted(given: argparse.Namespace) -> tuple[str, list[plans.Planned]]:
    """What the results are called, and what belongs to them."""
    if given.in_a_row:
        return "in-a-row", plans.in_a_row(given.ways, given.in_a_row)
    if given.among_faults:
        return "among-faults", plans.among_faults(given.ways, given.among_faults)
    return "cells", plans.table([BY_NAME[kind] for kind in given.kinds], given.ways)


def _count(text: str) -> int:
    found = int(text)
    if found < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of releases; write 1 or more")
    return found


def _variables(text: str) -> dict[str, object]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError(f"{text} is no JSON object")
    return found


def _described(extra: Mapping[str, object]) -> dict[str, str]:
    described = machine.describe(ROOT, {"docker": ("docker", "--version")})
    variables = json.dumps(dict(extra)) if extra else "as the inventory says"
    return {**described, "variables": variables, "bake times": f"{bake_scale():g} times as fast"}


def _commit() -> str:
    if commit := os.environ.get("GITHUB_SHA"):
        return commit[:12]
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
