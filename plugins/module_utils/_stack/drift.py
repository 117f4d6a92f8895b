# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Have CloudFormation compare stacks with what is really there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .._errors import OperationError, WaitTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .ports import Clock
    from .types import DriftDetection, ResourceDrift

_POLL_SECONDS = 1.0


class DriftApi(Protocol):
    """CloudFormation's drift detection."""

    def detect_stack_drift(self, name: str) -> str:
        """Start to detect; the answer identifies the detection."""

    def describe_stack_drift_detection(self, detection_id: str) -> DriftDetection: ...

    def describe_stack_resource_drifts(self, name: str) -> Sequence[ResourceDrift]:
        """Only resources that were changed or deleted."""


def detect_drift(
    names: Iterable[str], api: DriftApi, clock: Clock, timeout_seconds: float
) -> dict[str, tuple[DriftDetection, Sequence[ResourceDrift]]]:
    """The drift of each stack. All detections run at once; `WaitTimeoutError` names those that did not end."""
    pending = {name: api.detect_stack_drift(name) for name in names}
    found: dict[str, tuple[DriftDetection, Sequence[ResourceDrift]]] = {}
    deadline = clock.now() + timeout_seconds
    while pending:
        for name, detection_id in list(pending.items()):
            detection = api.describe_stack_drift_detection(detection_id)
            if detection.status == "DETECTION_FAILED":
                raise OperationError(
                    f"Tried to detect the drift of stack {name}, but CloudFormation could not: {detection.reason}"
                )
            if detection.status == "DETECTION_COMPLETE":
                found[name] = (detection, api.describe_stack_resource_drifts(name))
                del pending[name]
        if pending and clock.now() >= deadline:
            raise WaitTimeoutError(
                f"The drift of {', '.join(pending)} was not detected within {timeout_seconds:.0f} s. Run again.",
                last=pending,
            )
        if pending:
            clock.sleep(_POLL_SECONDS)
    return found
