# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure provisioning in a sandbox: runs without a change beside the AWS CLI, the CDK and stock modules; a first
converge beside its critical path; growth; and, when asked to, converges that are killed or meet throttles and failures.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import machine
from benchmarks.errors import BenchmarkError
from benchmarks.provision import converge, interrupted, lab, peers, stock
from benchmarks.provision.timed import Contender, Sample, run
from sandbox import ACCOUNTS
from tools.command_line import parser
from tools.files import ROOT

NAME = f"benchmark-{os.getpid()}"
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
OURS = Contender("site.yml", [[str(PLAYBOOK), "-i", "inventories/dev", "site.yml"]], " components, 0 changed.")
PARTS = ("no-op", "converge", "growth", "kills", "faults")


def main(words: Sequence[str]) -> int:
    """Run and print tables. A target that was missed is no failure of the command."""
    made = parser("benchmarks.provision", __doc__)
    made.add_argument("--runs", type=int, default=5, help="runs of each tool without a change (default: 5)")
    made.add_argument("--peers", nargs="*", choices=("aws", "cdk", "stock"), default=["aws", "cdk", "stock"])
    made.add_argument("--only", nargs="+", choices=PARTS, default=PARTS[:3], help="(default: the first three)")
    scale = "how many times as fast as AWS's the waits of a first converge are (default: %(default)s)"
    made.add_argument("--scale", type=int, choices=(1, 10, 20, 60), default=converge.SCALE, help=scale)
    made.add_argument("--json", type=Path, help="a file to write every run to")
    arguments = made.parse_args(words)
    described = machine.describe(ROOT, {"ansible": (str(PLAYBOOK), "--version"), "node": ("node", "--version")})
    described["ansible"] = described["ansible"].partition(" config")[0]
    print("; ".join(f"{key} {value}" for key, value in described.items()), flush=True)
    figures: dict[str, Any] = {"machine": described}
    try:
        for part in arguments.only:
            lines, figures[part] = _measured(part, arguments)
            print("", *lines, sep="\n", flush=True)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if arguments.json:
            arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def _measured(part: str, arguments: argparse.Namespace) -> tuple[list[str], Any]:
    with tempfile.TemporaryDirectory(prefix="fastbreak-benchmark-") as folder:
        if part == "converge":
            return converge.first(NAME, OURS, arguments.scale)
        if part == "growth":
            return converge.growth(NAME, PLAYBOOK, Path(folder))
        if part == "kills":
            return interrupted.kills(NAME, OURS)
        if part == "faults":
            return interrupted.weather(NAME, OURS)
        with lab.sandbox(NAME) as environment:
            found = _measure(arguments, environment, Path(folder))
        runs = {name: [asdict(sample) for sample in samples] for name, samples in found.items()}
        return [*_table(found)], runs


def _measure(arguments: argparse.Namespace, environment: Mapping[str, str], folder: Path) -> dict[str, list[Sample]]:
    empty = folder / "empty.yml"
    empty.write_text("[{hosts: localhost, gather_facts: false, tasks: []}]\n", encoding="utf-8")
    nothing = Contender("a playbook without a task", [[str(PLAYBOOK), "-i", "inventories/dev", str(empty)]], "")
    run(OURS, environment, check=False)
    contenders = [OURS, *_peers(arguments.peers, environment, folder), nothing]
    for contender in contenders:
        if contender.unchanged != stock.SAYS:
            run(contender, environment)
    found: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    for number in range(arguments.runs):
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            if number >= stock.RUNS and contender.unchanged == stock.SAYS:
                continue
            sample = run(contender, environment)
            found[contender.name].append(sample)
            print(f"  run {number + 1}: {contender.name} {sample.wall:.2f} s (load {sample.load:.1f})", file=sys.stderr)
    return found


def _peers(names: Sequence[str], environment: Mapping[str, str], assembly: Path) -> Iterator[Contender]:
    stacks = lab.stacks(environment)
    for name in names:
        try:
            if name == "stock":
                yield stock.contender(PLAYBOOK, stacks, environment, assembly)
            elif name == "aws":
                yield peers.aws(peers.install_aws(), stacks)
            else:
                yield peers.cdk(peers.install_cdk(), stacks, ACCOUNTS["dev"], assembly)
        except BenchmarkError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)


def _table(found: Mapping[str, Sequence[Sample]]) -> Iterator[str]:
    ours = median(sample.wall for sample in found[OURS.name])
    yield f"{'nothing to change (medians)':40} {'wall':>8} {'least':>8} {'processor':>10} {'ours to it':>11}  load"
    for name, samples in found.items():
        wall, loads = median(sample.wall for sample in samples), [sample.load for sample in samples]
        used, least = min(sample.processor for sample in samples), min(sample.wall for sample in samples)
        load = f"{min(loads):.1f} to {max(loads):.1f}"
        yield f"{name:40} {wall:6.2f} s {least:6.2f} s {used:8.2f} s {ours / wall:10.2f}x  {load}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
