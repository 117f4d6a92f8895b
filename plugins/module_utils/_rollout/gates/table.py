# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of gates, and the options that they take together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._errors import RequestError
from ..own_options import given_strays, merge_options, stray_options
from .alarms import AlarmGate
from .approval import ApprovalGate
from .canary import CanaryGate
from .command import CommandGate
from .http import HttpGate
from .inference import InferenceGate
from .metric import MetricGate
from .served_inference import ServedInferenceGate
from .settings import SHARED_OPTIONS
from .target_health import TargetHealthGate
from .task_stability import TaskStabilityGate
from .webhook import WebhookGate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Gate

#: Every gate there is.
GATES: list[type[Gate[Any]]] = [
    TargetHealthGate,
    TaskStabilityGate,
    HttpGate,
    AlarmGate,
    MetricGate,
    CanaryGate,
    CommandGate,
    WebhookGate,
    ApprovalGate,
    InferenceGate,
    ServedInferenceGate,
]


def gate_spec() -> dict[str, Any]:
    """The argument spec of an entry of the option ``gates``.

    Raises ValueError when two kinds mean different things by an option of the same name.
    """
    kind = {"type": "str", "choices": [gate.kind for gate in GATES], "required": True}
    return {"kind": kind, **merge_options({"every gate": SHARED_OPTIONS, **_own_options()})}


def _own_options() -> dict[str, Mapping[str, Any]]:
    return {gate.kind: gate.options for gate in GATES}


def read_gate(options: Mapping[str, Any], url: str) -> Gate[Any]:
    """The gate that validated *options* of `gate_spec` stand for.

    Raises RequestError for an option of another kind: it would be taken without a word, and do nothing.
    """
    kind = next(gate for gate in GATES if gate.kind == options["kind"])
    if strays := stray_options(kind.kind, _own_options(), options):
        raise RequestError(
            f"Gate {options['name'] or kind.kind} of kind {kind.kind} is given {', '.join(strays)}, which it does not "
            f"have. Leave that out; besides kind, {', '.join(SHARED_OPTIONS)} it takes {', '.join(kind.options)}."
        )
    return kind.read(options, url)


def given_gate_problems(given: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the gates among a task's options as they were *given*: options of another kind."""
    spec = {"type": "list", "elements": "dict", "options": gate_spec()}
    yield from given_strays("gates", "kind", _own_options(), {"gates": spec}, given)
