# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publish releases of a site under load: by our playbook, the AWS CLI and stock modules.

A row for each: the median of a release's requests to AWS, bytes that were sent, and seconds, and over all releases
the pages that visitors opened meanwhile and what failed for them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import yaml

from benchmarks import machine
from benchmarks.errors import BenchmarkError
from benchmarks.promotion.proxy import BodyWatch, Head, Proxy
from benchmarks.provision import lab, peers, stock
from benchmarks.site import build, ways
from benchmarks.site.parameters import PARAMETERS
from benchmarks.site.visitors import Load
from sandbox.authority import authority_path
from sandbox.state import home_of
from tools.command_line import parser
from tools.files import ROOT

NAME = f"benchmark-site-{os.getpid()}"
HEADER = """\
| way | requests a release | bytes sent | seconds | pages opened | failures |
|---|---|---|---|---|---|"""


@dataclass
class Counted(BodyWatch):
    """Requests and the bytes of their bodies."""

    requests: int = 0
    sent: int = 0
    mutex: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, head: Head, status: int, sent: int) -> None:  # noqa: ARG002 - only how much is counted
        with self.mutex:
            self.requests += 1
            self.sent += sent


@dataclass(frozen=True)
class Figures:
    """What the releases of a way took, each but the first, and what visitors met in all of them."""

    seconds: float
    requests: float
    sent: float
    opened: int
    failures: Mapping[str, int]


def main(words: Sequence[str]) -> int:
    """Run and print a table."""
    arguments = _arguments(words)
    aws = str(peers.install_aws())
    described = machine.describe(ROOT, {"ansible": (ways.PLAYBOOK, "--version"), "aws": (aws, "--version")})
    print("; ".join(f"{key} {value.partition(' config')[0]}" for key, value in described.items()), flush=True)
    try:
        with lab.sandbox(NAME) as where, tempfile.TemporaryDirectory(prefix="fastbreak-benchmark-") as folder:
            rows = []
            for way in _ways(aws, Path(folder)):
                print(f"{way.name} ...", flush=True)
                lab.reset(NAME, where)
                rows.append(row(way.name, measured(way, where, arguments.releases)))
        print("\n".join([HEADER, *rows]))
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _ways(aws: str, folder: Path) -> list[ways.Way]:
    ours = ways.Way("playbooks/publish_site.yml", ways.ours)
    return [ours, *ways.cli(aws), ways.stock(stock.settings(stock.install()), folder)]


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    made = parser("benchmarks.site", __doc__)
    made.add_argument("--releases", type=int, default=20, help="releases by each way (default: 20)")
    return made.parse_args(words)


def row(name: str, found: Figures) -> str:
    """A line of the table."""
    met = ", ".join(f"{count} {kind}" for kind, count in sorted(found.failures.items())) or "none"
    return (
        f"| {name} | {found.requests:.0f} | {found.sent / 1000:.0f} kB | {found.seconds:.1f} s | "
        f"{found.opened} | {sum(found.failures.values())} ({met}) |"
    )


def measured(way: ways.Way, where: Mapping[str, str], releases: int) -> Figures:
    """Publish one version, and the others under load."""
    outputs = provisioned(where)
    taken: list[tuple[float, int, int]] = []
    with tempfile.TemporaryDirectory(prefix="fastbreak-benchmark-") as temporary, Proxy(_port(where)) as proxy:
        site = ways.Site(f"{temporary}/dist", outputs["SiteBucketName"], outputs["DistributionId"])
        authority = str(authority_path(home_of(NAME)))
        seen = {**where, "AWS_ENDPOINT_URL": f"http://{proxy.host}", "FASTBREAK_CA_BUNDLE": authority}
        _publish(way, site, 0, seen)
        with Load(outputs["SiteUrl"], authority) as load:
            for release in range(1, releases + 1):
                proxy.watch = counted = Counted()
                began = time.monotonic()
                _publish(way, site, release, seen)
                taken.append((time.monotonic() - began, counted.requests, counted.sent))
    seconds, requests, sent = (median(values) for values in zip(*taken, strict=True))
    return Figures(seconds, requests, sent, load.opened, Counter(load.failures))


def _port(where: Mapping[str, str]) -> int:
    return int(urlsplit(where["AWS_ENDPOINT_URL"]).port or 80)


def _publish(way: ways.Way, site: ways.Site, release: int, where: Mapping[str, str]) -> None:
    build.write(Path(site.folder), release)
    for command in way.commands(site, release):
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **where}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BenchmarkError(f"{way.name} failed at release {release}:\n{done.stdout}{done.stderr}")


def provisioned(where: Mapping[str, str]) -> dict[str, str]:
    """The site's stack, and one with the table of releases; the first one's outputs."""
    api = lab.client("cloudformation", where)
    scenario = ROOT / "extensions/molecule/shared/site.yml"
    table = yaml.safe_load(scenario.read_text(encoding="utf-8"))["__table"]
    template = peers.template_of("cloudfront").read_text(encoding="utf-8")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in PARAMETERS.items()]
    api.create_stack(StackName="fastbreak-dev-cloudfront", TemplateBody=template, Parameters=given)
    api.create_stack(StackName="fastbreak-dev-service", TemplateBody=yaml.safe_dump(table))
    for name in ("cloudfront", "service"):
        waiter = api.get_waiter("stack_create_complete")
        waiter.wait(StackName=f"fastbreak-dev-{name}", WaiterConfig={"Delay": 1, "MaxAttempts": 300})
    made = api.describe_stacks(StackName="fastbreak-dev-cloudfront")["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
