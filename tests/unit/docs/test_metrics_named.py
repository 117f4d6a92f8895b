# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics that examples of gates name are there every minute: without a value a gate never passes."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import gate_problems

from tests.unit.plugins.module_utils._rollout.gates.measuring import read
from tools.files import ROOT

# What a load balancer counts of every target group that answers anything ("CloudWatch metrics" of its user guide).
BALANCER = {"RequestCount", "TargetResponseTime"}


def gates(held: Any) -> list[dict[str, Any]]:
    """The gates on metrics, wherever they are in *held*."""
    if isinstance(held, dict):
        own = [held] if held.get("kind") in ("metric", "canary") else []
        return [*own, *(gate for value in held.values() for gate in gates(value))]
    return [gate for value in held for gate in gates(value)] if isinstance(held, list) else []


def examples() -> list[dict[str, Any]]:
    found = []
    for page in sorted((ROOT / "docs").glob("**/*.md")):
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            if "kind: metric" in block or "kind: canary" in block:
                found += gates(yaml.safe_load(block))
    return found


def told_every_minute() -> set[str]:
    """What the API tells of its queue, whether anything waits or not."""
    source = (ROOT / "service/src/fastbreak_service/api/backlog.py").read_text(encoding="utf-8")
    return set(re.findall(r'^    "(\w+)": "(?:Count|Seconds)",$', source, re.MULTILINE))


def test_there_are_examples_of_both() -> None:
    assert {"Fastbreak/prod", None} <= {gate.get("namespace") for gate in examples()}
    assert "QueueAgeSeconds" in told_every_minute()


@pytest.mark.parametrize("example", examples(), ids=lambda gate: gate.get("metric", gate["kind"]))
def test_metric_of_an_example_is_published(example: dict[str, Any]) -> None:
    options = {name: value for name, value in example.items() if name not in ("kind", "name")}
    gate: Any = read(example["kind"], **options)
    assert gate_problems(gate, 5.0) == []
    for metric in filter(None, (example.get("metric"), example.get("per_metric"))):
        if gate.namespace.startswith("Fastbreak/"):
            assert metric in told_every_minute()
            assert gate.dimensions == ()
        else:
            assert metric in BALANCER
