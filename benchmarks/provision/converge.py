# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first converge of an environment, beside the least time that its graph allows; and growth with what is made."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.provision import lab
from benchmarks.provision.faults import Proxy, Weather
from benchmarks.provision.gantt import Bar, critical_path, critical_seconds, draw
from benchmarks.provision.timed import Contender, run
from tools.files import ROOT

SECONDS = {
    "AWS::RDS::DBInstance": 420,
    "AWS::CloudFront::Distribution": 300,
    "AWS::CloudFront::VpcOrigin": 300,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": 150,
    "AWS::EC2::NatGateway": 120,
    "AWS::EC2::VPCEndpoint": 60,
    "AWS::ECS::Cluster": 15,
    "AWS::IAM::Role": 15,
    "AWS::KMS::Key": 10,
}
"""About what AWS takes, by the authors' memory."""
SCALE = 10
"""How many times as fast they pass, unless told otherwise. What a run takes by itself passes at its own pace."""
CALL_SECONDS = 0.08
CHART = ROOT / "docs" / "images" / "first-converge.svg"


def first(name: str, converge: Contender, scale: float = SCALE) -> tuple[list[str], dict[str, Any]]:
    """Lines to print and figures; the chart is written to docs."""
    creation = json.dumps({kind: seconds / scale for kind, seconds in SECONDS.items()})
    with (
        lab.sandbox(name, SANDBOX_CREATION_SECONDS=creation) as where,
        Proxy(where["AWS_ENDPOINT_URL"], Weather(delay=CALL_SECONDS)) as proxy,
    ):
        begun = time.time()
        sample = run(converge, lab.environment(proxy.url), check=False)
        bars = _bars(where, begun)
    least, path = critical_seconds(bars), critical_path(bars)
    title = f"First converge: {sample.wall:.1f} s, critical path {least:.1f} s ({' → '.join(path)})"
    CHART.parent.mkdir(exist_ok=True)
    CHART.write_text(draw(bars, sample.wall, title), encoding="utf-8")
    ratio = sample.wall / least
    line = (
        f"first converge of {len(bars)} stacks, AWS's durations {scale:g} times as fast, {CALL_SECONDS * 1000:.0f} ms "
        f"a call: {sample.wall:.2f} s, of which {min(bar.begun for bar in bars):.2f} s before the first; critical path "
        f"{' > '.join(path)} {least:.2f} s: {ratio:.2f}x (aim 1.15x); load {sample.load:.1f}; "
        f"chart in {CHART.relative_to(ROOT)}"
    )
    figures = {"scale": scale, "wall": sample.wall, "critical": least, "ratio": ratio, "load": sample.load}
    return [line], {**figures, "path": list(path)}


def growth(name: str, playbook: Path, folder: Path, counts: Sequence[int] = (3, 9)) -> tuple[list[str], dict[str, Any]]:
    """A first converge and one without changes of so many stacks of ten topics each."""
    seen: dict[str, list[float]] = {"first": [], "no-op": []}
    with lab.sandbox(name) as where:
        for count in counts:
            inventory = _inventory(folder, count)
            command = [str(playbook), "-i", str(inventory), str(folder / "stacks.yml")]
            contender = Contender(f"{count} stacks", [command], "0 changed")
            seen["first"].append(run(contender, where, check=False).wall)
            seen["no-op"].append(min(run(contender, where).wall for _ in range(3)))
    lines = [
        f"{counts[-1]} stacks beside {counts[0]}, {what}: {walls[-1]:.2f} s beside {walls[0]:.2f} s, "
        f"{walls[-1] / walls[0]:.2f}x (aim: at most {counts[-1] / counts[0]:g}x)"
        for what, walls in seen.items()
    ]
    return lines, seen


def _bars(where: Mapping[str, str], begun: float) -> list[Bar]:
    hosts = yaml.safe_load((ROOT / "inventories" / "dev" / "hosts.yml").read_text(encoding="utf-8"))["components"][
        "hosts"
    ]
    api, bars = lab.client("cloudformation", where), []
    for component, stack in lab.stacks(where).items():
        pages = api.get_paginator("describe_stack_events").paginate(StackName=stack["StackName"])
        times = [event["Timestamp"].timestamp() - begun for page in pages for event in page["StackEvents"]]
        after = (hosts.get(component) or {}).get("fastbreak_depends_on", [])
        bars.append(Bar(component, min(times), max(times), after))
    return bars


def _inventory(folder: Path, count: int) -> Path:
    """An inventory of so many components, and a playbook that applies the stack of each."""
    topics = {f"Topic{number}": {"Type": "AWS::SNS::Topic"} for number in range(10)}
    environment = {"Parameters": {"Environment": {"Type": "String"}}, "Resources": topics}
    template = folder / "topics.yaml"
    template.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", **environment}), encoding="utf-8")
    shared = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "fastbreak_environment": f"growth{count}",
        "fastbreak_region": "us-east-1",
        "fastbreak_tags": {"Project": "benchmark"},
        "stack_template": str(template),
    }
    names = [f"part{number}" for number in range(count)]
    inventory = folder / f"stacks-{count}.yml"
    groups = {"components": {"vars": shared, "hosts": dict.fromkeys(names)}}
    inventory.write_text(yaml.safe_dump(groups), encoding="utf-8")
    role = {"name": "fastbreak.aws.stack"}
    variables = {"stack_component": "{{ inventory_hostname }}"}
    play = {
        "hosts": "components",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.include_role": role, "vars": variables}],
    }
    (folder / "stacks.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    return inventory
