# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a commit takes to dev and to prod, and until a bad one is taken back, by the steps of GitHub's workflows.

Runs tests/pipeline/test_workflows.py with a clock at each step. Bakes pass at AWS's pace unless --bake-scale says
otherwise. What the run noted is kept, and --print makes table and chart of it again.
"""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks import machine
from benchmarks.delivery.ways import Way, read, ways
from benchmarks.errors import BenchmarkError
from benchmarks.provision.gantt import draw
from tools.command_line import parser
from tools.files import ROOT

KEPT = ROOT / ".cache" / "benchmarks" / "delivery.jsonl"
CHART = ROOT / "docs" / "images" / "delivery.svg"
LABEL = 330
HEADER = """\
| way | here | with GitHub's and Fargate's waits, modelled | aim |
|---|---|---|---|"""


def main(arguments: list[str]) -> int:
    made = parser("benchmarks.delivery", __doc__)
    made.add_argument("--print", action="store_true", help="make table and chart of the last run again")
    made.add_argument("--bake-scale", type=float, default=1.0, help="how many times as fast bakes pass (default: 1)")
    options = made.parse_args(arguments)
    try:
        if not options.print:
            measure(options.bake_scale)
        report(KEPT, CHART)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def measure(bake_scale: float) -> None:
    """Run the test; its steps are noted anew."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.unlink(missing_ok=True)
    for command in (("tools.engine", "ensure"), ("tools.images", "all")):
        subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, stdout=sys.stderr)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-x", "tests/pipeline/test_workflows.py"],
        cwd=ROOT,
        env={**os.environ, "STEP_TIMES": str(KEPT), "DELIVERY_BAKE_SCALE": f"{bake_scale:g}"},
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError("A step did not end as it should; what it said is above.")


def report(kept: Path, chart: Path) -> None:
    """Print a row for each way and write the chart of the one to prod."""
    if not kept.exists():
        raise BenchmarkError(f"Nothing was measured yet: there is no {kept}. Run it without --print.")
    found = ways(read(kept.read_text(encoding="utf-8").splitlines()))
    print(HEADER)
    for way in found:
        print(row(way))
    to_prod = found[1]
    title = f"Commit to prod: {to_prod.seconds / 60:.1f} minutes in the sandbox"
    chart.parent.mkdir(parents=True, exist_ok=True)
    chart.write_text(draw(to_prod.bars(), to_prod.seconds, title, LABEL), encoding="utf-8")
    print(f"chart in {chart}; load {machine.load():.1f}", file=sys.stderr)
    print(machine.describe(ROOT, {"docker": ["docker", "--version"]}), file=sys.stderr)


def row(way: Way) -> str:
    """A row of the table."""
    cells = [minutes(way.seconds), minutes(way.modelled), f"{way.aim_seconds / 60:.0f} min"]
    return f"| {way.name} | {' | '.join(cells)} |"


def minutes(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
