# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure image_promotion beside skopeo and docker, in the same run."""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import machine
from benchmarks.errors import BenchmarkError
from benchmarks.promotion.cases import CASES, Case, Results
from benchmarks.promotion.figures import as_data, samples_data
from benchmarks.promotion.lab import DOCKER, OURS, QUICK, SKOPEO, Lab, Sizes
from benchmarks.promotion.programs import ensure_engine, ensure_programs
from benchmarks.promotion.registry import DockerRegistry
from benchmarks.promotion.report import text
from tools.command_line import parser

_FREE_BYTES = 15 << 30
PROGRAMS = {
    "skopeo": ("skopeo", "--version"),
    "docker-registry": ("docker-registry", "--version"),
    "docker": ("docker", "version", "--format", "engine {{.Server.Version}}, client {{.Client.Version}}"),
}


def _arguments(words: list[str]) -> argparse.Namespace:
    made = parser("benchmarks.promotion", __doc__)
    names = [case.name for case in CASES]
    made.add_argument("--only", action="append", choices=names, help="this case; may be given more than once")
    made.add_argument("--runs", type=int, default=5, help="runs of each tool (default: 5)")
    made.add_argument("--peers", nargs="*", choices=(SKOPEO, DOCKER), default=[SKOPEO, DOCKER], help="(default: both)")
    made.add_argument("--json", type=Path, help="a file to write every run to")
    made.add_argument("--folder", type=Path, help="where the registries store (default: the system's)")
    made.add_argument("--quick", action="store_true", help="tiny images, one run, no docker: proves that it works")
    return made.parse_args(words)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _run(arguments: argparse.Namespace, folder: Path, cases: list[Case]) -> Results:
    tools = (OURS, SKOPEO) if arguments.quick else (OURS, *arguments.peers)
    sizes = QUICK if arguments.quick else Sizes()
    results = Results(with_targets=not arguments.quick)
    with DockerRegistry(folder / "source") as source, DockerRegistry(folder / "destination") as destination:
        lab = Lab(folder, source, destination, sizes, tools, 1 if arguments.quick else arguments.runs, _say)
        try:
            for case in cases:
                _say(f"{case.name} (load {machine.load():.1f})")
                case.run(lab, results)
        finally:
            lab.forget_all()
    results.finish()
    return results


def _check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < _FREE_BYTES:
        raise BenchmarkError(
            f"{folder} has {free >> 30} GiB free and the benchmark needs {_FREE_BYTES >> 30}: name another --folder."
        )


def main(words: list[str]) -> int:
    """Run the cases and print the tables. A target that was missed is no failure of the command."""
    arguments = _arguments(words)
    cases = [case for case in CASES if not arguments.only or case.name in arguments.only]
    try:
        ensure_programs()
        if DOCKER in arguments.peers and not arguments.quick:
            ensure_engine()
        with tempfile.TemporaryDirectory(prefix="fastbreak-benchmark-", dir=arguments.folder) as name:
            folder = Path(name)
            if not arguments.quick:
                _check_space(folder)
            described = machine.describe(folder, PROGRAMS)
            results = _run(arguments, folder, cases)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; nothing was kept.", file=sys.stderr)
        return 130
    print(text(results, described, 1 if arguments.quick else arguments.runs))
    if arguments.json:
        data = {"machine": described, "tables": as_data(results.lines), "cases": samples_data(results.samples)}
        arguments.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
