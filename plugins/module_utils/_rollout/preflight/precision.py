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
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ..plan.target import Target
    from ..request.model import RolloutRequest

_PRECISION, _SINGLE = "FASTBREAK_PRECISION", "f32"


def precision_problems(request: RolloutRequest, target: Target) -> Iterator[str]:
    """Why gates of *request* would refuse *target* for the precision that it counts in. A rollback asks none."""
    gates = [gate for gate in request.gates if isinstance(gate, ServedInferenceGate) and not gate.dry_run]
    if request.kind == ROLLBACK or not gates:
        return
    told = [
        f"container {container.get('name')} of {target.name} has {found}"
        for container in target.document.get("containerDefinitions") or []
        if (found := _not_single(container))
    ]
    for gate in gates if told else []:
        yield (
            f"Gate {gate.name} (served_inference) holds what the service finds against golden_file {gate.golden_file}, "
            f"which was counted in single precision, and {told[0]}. Use a gate of kind inference instead, which counts "
            f"in single precision itself, or leave {_PRECISION} out, or set it to {_SINGLE} (ecs_rollout_environment of"
            " the role)."
        )


def _not_single(container: Mapping[str, Any]) -> str:
    """What of its environment has a *container* count otherwise, or leaves that unknown; empty where nothing does.

    What ``environment`` says goes before what is in files, as ECS has it. No value of a secret or a file is read.
    """
    values = [told.get("value") for told in container.get("environment") or [] if told.get("name") == _PRECISION]
    secrets = [told.get("valueFrom") for told in container.get("secrets") or [] if told.get("name") == _PRECISION]
    files = [told.get("value") for told in container.get("environmentFiles") or []]
    if any(str(value or "").strip().lower() not in {"", _SINGLE} for value in values):
        return f"{_PRECISION}={str(values[-1]).strip().lower()}: its angles may differ by more than the gate allows"
    if secrets:
        return f"{_PRECISION} out of {secrets[0]}, which is not read here, so nothing tells in what it counts"
    if files and not values:
        return (
            f"the environment file {files[0]}, which is not read here and may say {_PRECISION}, so nothing tells in "
            f"what it counts unless the variable is said as {_SINGLE} beside it"
        )
    return ""
