# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was changed behind CloudFormation's back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import not_
from typing import TYPE_CHECKING, Protocol

from .._common.wait import timed_out, until
from .._common.way_back import keep_key
from .._errors import OperationError
from .kinds import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .._common.clock import Clock
    from .types import DriftDetection, ResourceDrift

_POLL_SECONDS = 1.0


class DriftApi(Protocol):
    """CloudFormation's drift detection."""

    def detect_stack_drift(self, name: str) -> str:
        """Start to detect; the answer identifies the detection."""

    def describe_stack_drift_detection(self, detection_id: str) -> DriftDetection: ...

    def describe_stack_resource_drifts(self, name: str) -> Sequence[ResourceDrift]:
        """Only resources that were changed or deleted."""


@dataclass(frozen=True)
class Drift:
    """A stack's drift: ``status`` is ``IN_SYNC`` or ``DRIFTED``. What only ``grown`` by itself is none."""

    status: str
    resources: Sequence[ResourceDrift] = ()
    grown: Sequence[ResourceDrift] = ()


def detect_drift(names: Iterable[str], api: DriftApi, clock: Clock, timeout_seconds: float) -> dict[str, Drift]:
    """The drift of each stack. All detections run at once; `WaitTimeoutError` names those that did not end."""
    pending = {name: api.detect_stack_drift(name) for name in names}
    found: dict[str, Drift] = {}

    def look() -> dict[str, str]:
        for name, detection_id in list(pending.items()):
            detection = api.describe_stack_drift_detection(detection_id)
            if _has_ended(name, detection):
                found[name] = _judge(detection, api.describe_stack_resource_drifts(name))
                del pending[name]
        return pending

    until(
        look,
        not_,
        clock=clock,
        seconds=timeout_seconds,
        pause=_POLL_SECONDS,
        on_timeout=lambda left, elapsed: timed_out(
            f"The drift of {', '.join(left)} was not detected within {elapsed:.0f} s. Run again, or raise "
            "timeout_seconds.",
            **left,
        ),
    )
    return found


def describe(resource: ResourceDrift) -> str:
    """The drift of a resource in words, with each value."""
    label = f"{resource.logical_id} ({resource.resource_type})"
    if resource.status == "DELETED":
        return f"{label} was deleted{_way_back(resource)}"
    changes = "; ".join(
        f"{path.strip('/').replace('/', '.')} is {actual or 'not there'}, and should be {expected or 'not there'}"
        for path, expected, actual in resource.differences
    )
    return f"{label} was changed: {changes or 'CloudFormation does not say how'}"


def _way_back(resource: ResourceDrift) -> str:
    """CloudFormation takes a key for deleted as soon as its deletion is scheduled."""
    if resource.resource_type not in KEYS or not resource.physical_id:
        return ""
    return f", or is going to be. {keep_key(resource.physical_id)}"


def _judge(detection: DriftDetection, resources: Sequence[ResourceDrift]) -> Drift:
    """RDS lets storage grow by itself and never shrink: more than the template says is what it asked for."""
    drifted, grown = [], []
    for resource in resources:
        growth = tuple(item for item in resource.differences if _grew(resource.resource_type, *item))
        left = tuple(item for item in resource.differences if item not in growth)
        if growth:
            grown.append(replace(resource, differences=growth))
        if left or not growth:
            drifted.append(replace(resource, differences=left))
    status = "IN_SYNC" if grown and not drifted else detection.drift
    return Drift(status, drifted, grown)


def _grew(resource_type: str, path: str, expected: str, actual: str) -> bool:
    storage = (resource_type, path) == ("AWS::RDS::DBInstance", "/AllocatedStorage")
    return storage and expected.isdecimal() and actual.isdecimal() and int(actual) > int(expected)


def _has_ended(name: str, detection: DriftDetection) -> bool:
    if detection.status == "DETECTION_FAILED":
        raise OperationError(
            f"Tried to detect the drift of stack {name}, but CloudFormation could not: {detection.reason}"
        )
    return detection.status == "DETECTION_COMPLETE"
