# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every gate keeps of its samples can be written, and comes back as it was."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._release.approval import Answer
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.approval import ApprovalTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.canary import CanaryTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.inference import InferenceTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.memory import MemoryCourse
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.metric import MetricTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import TargetObservation, TaskFailure
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.one_off import Errand
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.comparison import (
    Comparison,
    Interval,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.table import GATES
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.task_stability import StabilityTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.webhook import WebhookTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.plain import (
    fields_from_plain,
    fields_to_plain,
    to_plain,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CRASH = TaskFailure("t1", "EssentialContainerExited: out", started=True, exit_codes=(("service", 1), ("log", 0)))
SEEN = TargetObservation(
    2, 1, 2, (("healthy", 1), ("unhealthy", 1)), (CRASH,), ("container a",), ("10.0.0.1: healthy",)
)
TALLIES = [
    TargetTally(4, 1, SEEN),
    StabilityTally(4, 1, 2, 1, (CRASH,), MemoryCourse(((1.0, 50.0), (2.0, 51.5)), 1, NOW)),
    MetricTally(3, 1, NOW, 1, 5),
    CanaryTally(200, 2, NOW, Comparison(0.01).see(Interval(200, 2, 800, 7)), 1),
    InferenceTally(2, errand=Errand("arn:task/1", "service", 12.5), speed=8.0, problems=("a",)),
    WebhookTally(1, 0, Verdict.HEALTHY, "good"),
    ApprovalTally(1, 0, 3, "1.1.0", (Answer("s", "r", "approval", approved=True, by="me", at="now"),)),
]


def written_and_read(tally: Any) -> Any:
    kind = type(tally)
    text = json.dumps(fields_to_plain(tally))
    return replace(kind(), **fields_from_plain(kind, json.loads(text), kind.parts))


@pytest.mark.parametrize("tally", TALLIES, ids=lambda tally: type(tally).__name__)
def test_a_tally_comes_back_as_it_was(tally: Any) -> None:
    assert written_and_read(tally) == tally


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.kind)
def test_no_gate_keeps_what_cannot_be_written(gate: Any) -> None:
    assert written_and_read(gate.tally()) == gate.tally()
    plain = {"None", "bool", "int", "float", "str", "tuple", "Sequence", "datetime"}
    assert set(_types_in(gate.tally)) <= plain | {part.__name__ for part in gate.tally.parts}


def _types_in(kind: type) -> Iterator[str]:
    for field in fields(kind):
        yield from re.findall(r"\w+", str(field.type))
    for part in getattr(kind, "parts", ()):
        if hasattr(part, "__dataclass_fields__"):
            yield from _types_in(part)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"class": "Path", "fields": {}},
        {"class": "TargetObservation", "fields": {}},
        {"class": "TargetObservation", "fields": "x"},
        {"moment": "yesterday"},
        {"word": "HEALTHY"},
        {},
        7,
        None,
    ],
)
def test_what_is_none_of_its_parts_is_refused(spoilt: Any) -> None:
    plain = fields_to_plain(TALLIES[0]) | {"latest": spoilt}
    with pytest.raises((KeyError, TypeError, ValueError)):
        fields_from_plain(TargetTally, plain, TargetTally.parts)


def test_what_has_no_plain_form_is_refused() -> None:
    with pytest.raises(TypeError, match="set has no plain form"):
        to_plain({1})


def test_texts_and_numbers_of_ansible_are_written_as_plain_ones() -> None:
    """They are of classes of its own, which know where they were written."""
    text, amount, share = (type(f"Tagged{kind.__name__}", (kind,), {}) for kind in (str, int, float))
    told = InferenceTally(amount(2), errand=Errand(text("arn:task/1"), text("service"), share(12.5)))
    assert written_and_read(told) == InferenceTally(2, errand=Errand("arn:task/1", "service", 12.5))
    assert [type(each) for each in to_plain((text("a"), amount(1), share(0.5), True))] == [str, int, float, bool]
