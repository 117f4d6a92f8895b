# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a release counts otherwise than the golden file that the gate ``served_inference`` holds its answers against.

``fastbreak-service golden`` counts in single precision always, and a running service in its own: in bfloat16 angles of
single frames differ by more than the gate allows, whatever the release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._release.record import ROLLBACK
from ..gates.served_inference import ServedInferenceGate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..plan.target import Target
    from ..request.model import RolloutRequest

_PRECISION, _FAST = "FASTBREAK_PRECISION", "fast"


def precision_problems(request: RolloutRequest, target: Target) -> Iterator[str]:
    """Why gates of *request* would refuse *target* for the precision that it counts in. A rollback asks none."""
    gates = [gate for gate in request.gates if isinstance(gate, ServedInferenceGate) and not gate.dry_run]
    if request.kind == ROLLBACK:
        return
    fast = [
        container.get("name")
        for container in target.document.get("containerDefinitions") or []
        for told in container.get("environment") or []
        if told.get("name") == _PRECISION and str(told.get("value")).strip().lower() == _FAST
    ]
    for gate in gates if fast else []:
        yield (
            f"Gate {gate.name} (served_inference) holds what the service finds against golden_file {gate.golden_file}, "
            f"which was counted in single precision, and container {fast[0]} of {target.name} has "
            f"{_PRECISION}={_FAST}: its angles differ by more than the gate allows. Use a gate of kind inference "
            f"instead, which counts in single precision itself, or leave {_PRECISION} out (ecs_rollout_environment of "
            "the role)."
        )
