# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure a run of site.yml that changes nothing beside the AWS CLI and the CDK, on the same stacks of a sandbox."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import boto3

from benchmarks import machine
from benchmarks.provision import peers
from benchmarks.provision.timed import BenchmarkError, Contender, Sample, run
from sandbox import ACCOUNTS, state
from tools.command_line import parser
from tools.files import ROOT

NAME = f"benchmark-{os.getpid()}"
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
OURS = Contender("site.yml", [[str(PLAYBOOK), "-i", "inventories/dev", "site.yml"]], " components, 0 changed.")


def main(words: Sequence[str]) -> int:
    """Run and print a table. A target that was missed is no failure of the command."""
    made = parser("benchmarks.provision", __doc__)
    made.add_argument("--runs", type=int, default=5, help="runs of each tool (default: 5)")
    made.add_argument("--peers", nargs="*", choices=("aws", "cdk"), default=["aws", "cdk"], help="(default: both)")
    made.add_argument("--json", type=Path, help="a file to write every run to")
    arguments = made.parse_args(words)
    try:
        with _sandbox() as environment, tempfile.TemporaryDirectory(prefix="fastbreak-benchmark-") as folder:
            found = _measure(arguments, environment, Path(folder))
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    described = machine.describe(ROOT, {"ansible": (str(PLAYBOOK), "--version"), "node": ("node", "--version")})
    described["ansible"] = described["ansible"].partition(" config")[0]
    print(f"Medians of {arguments.runs} runs, in turns. {'; '.join(f'{k} {v}' for k, v in described.items())}\n")
    print("\n".join(_table(found)))
    if arguments.json:
        runs = {name: [asdict(sample) for sample in samples] for name, samples in found.items()}
        arguments.json.write_text(json.dumps({"machine": described, "runs": runs}, indent=2) + "\n", encoding="utf-8")
    return 0


def _measure(arguments: argparse.Namespace, environment: Mapping[str, str], folder: Path) -> dict[str, list[Sample]]:
    empty = folder / "empty.yml"
    empty.write_text("[{hosts: localhost, gather_facts: false, tasks: []}]\n", encoding="utf-8")
    nothing = Contender("a playbook without a task", [[str(PLAYBOOK), "-i", "inventories/dev", str(empty)]], "")
    run(OURS, environment, check=False)
    contenders = [OURS, *_peers(arguments.peers, environment, folder), nothing]
    for contender in contenders:
        run(contender, environment)
    found: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    for number in range(arguments.runs):
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            sample = run(contender, environment)
            found[contender.name].append(sample)
            print(f"  run {number + 1}: {contender.name} {sample.wall:.2f} s (load {sample.load:.1f})", file=sys.stderr)
    return found


def _peers(names: Sequence[str], environment: Mapping[str, str], assembly: Path) -> Iterator[Contender]:
    stacks = _stacks(environment)
    for name in names:
        try:
            if name == "aws":
                yield peers.aws(peers.install_aws(), stacks)
            else:
                yield peers.cdk(peers.install_cdk(), stacks, ACCOUNTS["dev"], assembly)
        except BenchmarkError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)


def _stacks(environment: Mapping[str, str]) -> dict[str, Any]:
    client = boto3.client(
        "cloudformation",
        region_name="us-east-1",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    return {
        component: client.describe_stacks(StackName=f"fastbreak-dev-{component}")["Stacks"][0]
        for component in peers.COMPONENTS
    }


def _table(found: Mapping[str, Sequence[Sample]]) -> Iterator[str]:
    ours = median(sample.wall for sample in found[OURS.name])
    yield f"{'nothing to change':40} {'wall':>8} {'least':>8} {'processor':>10} {'ours to it':>11}  load"
    for name, samples in found.items():
        wall, loads = median(sample.wall for sample in samples), [sample.load for sample in samples]
        used, least = min(sample.processor for sample in samples), min(sample.wall for sample in samples)
        load = f"{min(loads):.1f} to {max(loads):.1f}"
        yield f"{name:40} {wall:6.2f} s {least:6.2f} s {used:8.2f} s {ours / wall:10.2f}x  {load}"


@contextmanager
def _sandbox() -> Iterator[dict[str, str]]:
    """A sandbox of this run's own; yields the environment that points to its dev account."""
    subprocess.run([sys.executable, "-m", "tools.engine", "ensure"], cwd=ROOT, check=True, stdout=sys.stderr)
    try:
        subprocess.run([sys.executable, "-m", "sandbox", "up", "--name", NAME], cwd=ROOT, check=True, stdout=sys.stderr)
        known = state.read_state(state.home_of(NAME))
        if known is None:
            raise BenchmarkError("The sandbox did not come up; python -m sandbox logs says why.")
        yield {
            "AWS_ENDPOINT_URL": known.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCOUNTS["dev"],
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "ANSIBLE_NOCOLOR": "1",
            "CI": "true",
        }
    finally:
        subprocess.run(
            [sys.executable, "-m", "sandbox", "down", "--name", NAME], cwd=ROOT, check=False, stdout=sys.stderr
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
