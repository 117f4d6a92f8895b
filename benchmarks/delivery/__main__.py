# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a commit takes to dev and to prod, and until a bad one is taken back, by the steps of GitHub's workflows.

Runs tests of tests/pipeline/test_workflows.py with a clock at each step. Bakes pass at AWS's pace unless --bake-scale
says otherwise. Each test is kept when it has passed, and none that is there is run again: a run that ends early is
taken up by the next. --anew forgets what is kept; --print makes table and chart of it again.
"""

import os
import subprocess
import sys
from collections.abc import Container, Sequence
from pathlib import Path

import yaml

from benchmarks import machine
from benchmarks.delivery.results import Results
from benchmarks.delivery.ways import BAKES, MACHINES, TASKS, TESTS, Way, ways
from benchmarks.errors import BenchmarkError
from benchmarks.provision.gantt import draw
from tools.command_line import parser
from tools.files import ROOT

KEPT = ROOT / ".cache" / "bench-delivery" / "cells.json"
CHART = ROOT / "docs" / "images" / "delivery.svg"
OF_PROD = ROOT / "inventories" / "prod" / "group_vars" / "all" / "20_release.yml"
PACE = "bake times"
LABEL = 350
HEADER = f"""\
| way | measured here | modelled: {MACHINES} | modelled: {TASKS} | modelled: {BAKES} | with all that | aim |
|---|---|---|---|---|---|---|"""


def main(arguments: list[str]) -> int:
    made = parser("benchmarks.delivery", __doc__)
    made.add_argument("--print", action="store_true", help="only make table and chart of what is kept")
    made.add_argument("--anew", action="store_true", help="forget what is kept first")
    made.add_argument("--bake-scale", type=float, default=1.0, help="how many times as fast bakes pass (default: 1)")
    made.add_argument("--results", type=Path, default=KEPT, help="the file of what was measured")
    options = made.parse_args(arguments)
    try:
        if not options.print:
            measure(options.results, options.bake_scale, anew=options.anew)
        report(Results(options.results), CHART)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def measure(kept: Path, bake_scale: float, *, anew: bool) -> None:
    """Run the tests that are not kept."""
    if anew:
        kept.unlink(missing_ok=True)
    results = Results(kept)
    described = machine.describe(ROOT, {"docker": ["docker", "--version"]})
    results.begin({**described, PACE: f"{bake_scale:g} times as fast"})
    if tests := to_run(results.cells):
        _run(tests, kept.resolve(), bake_scale)


def to_run(kept: Container[str]) -> list[str]:
    """The tests that are not kept."""
    return [test for test in TESTS if test not in kept]


def _run(tests: Sequence[str], kept: Path, bake_scale: float) -> None:
    for command in (("tools.engine", "ensure"), ("tools.images", "all")):
        subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, stdout=sys.stderr)
    steps = kept.with_name("steps.jsonl")
    steps.unlink(missing_ok=True)
    named = [f"tests/pipeline/test_workflows.py::{test}" for test in tests]
    variables = {"STEP_TIMES": str(steps), "DELIVERY_RESULTS": str(kept), "DELIVERY_BAKE_SCALE": f"{bake_scale:g}"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "benchmarks.delivery.keeping", "-n0", "-x", *named],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(
            f"A step did not end as it should; what it said is above. What had passed is kept in {kept}. Run the "
            "command again to go on."
        )


def report(results: Results, chart: Path) -> None:
    """Print a row for each way that was measured and write the chart of the one to prod."""
    if not results.cells:
        raise BenchmarkError("Nothing was measured yet. Run it without --print.")
    scale = float(results.machine[PACE].split()[0])
    steps = {name: cell.steps for name, cell in results.cells.items()}
    found = ways(steps, _bake_seconds() * (1 - 1 / scale))
    print(HEADER)
    for way in found:
        print(row(way))
    for way in found:
        if way.name == "commit to prod":
            chart.parent.mkdir(parents=True, exist_ok=True)
            chart.write_text(drawn(way), encoding="utf-8")
            print(f"chart in {chart}", file=sys.stderr)
    loads = ", ".join(f"{cell.load:.1f} after {name}" for name, cell in results.cells.items())
    print(f"load: {loads}", file=sys.stderr)
    commits = {name: cell.commit for name, cell in results.cells.items()}
    if len(set(commits.values())) > 1:
        print(f"measured at different commits, --anew measures all at one: {commits}", file=sys.stderr)
    print(results.machine, file=sys.stderr)


def drawn(way: Way) -> str:
    """The chart of a way."""
    measured, whole = way.seconds / 60, way.whole_seconds / 60
    title = f"{way.name.capitalize()}: {measured:.1f} minutes measured (blue), {whole:.1f} with what is modelled (grey)"
    return draw(way.bars(), way.whole_seconds, title, LABEL)


def row(way: Way) -> str:
    """A row of the table."""
    modelled = [minutes(way.modelled[name]) if way.modelled[name] else "" for name in (MACHINES, TASKS, BAKES)]
    aim = f"{way.aim_seconds / 60:.0f} min" if way.aim_seconds else ""
    cells = [minutes(way.seconds), *modelled, minutes(way.whole_seconds), aim]
    return f"| {way.name} | {' | '.join(cells)} |"


def minutes(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def _bake_seconds() -> float:
    """How long a canary bakes in prod, by its inventory."""
    options = yaml.safe_load(OF_PROD.read_text(encoding="utf-8"))["ecs_rollout_strategy_options"]
    return float(60 * (options["canary_bake_minutes"] + options["bake_minutes"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
