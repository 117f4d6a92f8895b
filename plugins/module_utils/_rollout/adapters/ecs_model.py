# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API model of the loaded botocore knows of a service's deployments.

botocore drops nothing by itself, but refuses what its model does not have after the release has begun: that is told
before, with the version that has it. What is there counts, and never the version's number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._aws.conform import conform
from .ecs_requests import write_settings

if TYPE_CHECKING:
    from ..values import ServiceSettings

_STRATEGIES_SINCE = (1, 43, 10)
# What came later than the strategies, and a version that has it.
_LATER = {
    "thresholdConfiguration": ("breaker_threshold", (1, 43, 60)),
    "resetOnHealthyTask": ("breaker_resets_on_healthy_task", (1, 43, 60)),
    "earlySuccessCriteria": ("early_success_percent", (1, 43, 100)),
}
_CONTINUE = "ContinueServiceDeployment"


def unknown_settings(model: Any, settings: ServiceSettings) -> tuple[str, ...]:
    """What of *settings* the API *model* does not know, each as a sentence that names the option and the version."""
    shape = model.operation_model("CreateService").input_shape
    strategy = settings.deployment.strategy
    written = write_settings(settings, only=("deployment", "target_bindings"))
    problems = [
        problem
        for name, value in written.items()
        for problem in (
            conform(shape.members[name], value, name)[1] if name in shape.members else [f"The API has no {name}."]
        )
    ]
    if any(binding.shift for binding in settings.target_bindings) and _CONTINUE not in model.operation_names:
        problems.append(f"The API has no {_CONTINUE}.")
    if not problems:
        return ()
    lacking = [_LATER[name] for name in _LATER if any(name in problem for problem in problems)]
    since = ".".join(map(str, max((version for _option, version in lacking), default=_STRATEGIES_SINCE)))
    options = ", ".join(f"deployment.{option}" for option, _version in lacking)
    needs = options or f"deployment.strategy {strategy}"
    otherwise = "leave that out" if options else "deploy by ROLLING"
    told = (
        f"{needs} needs what the loaded botocore does not know: {' '.join(problems)} Install botocore {since} or newer "
        f"beside Ansible, or {otherwise}."
    )
    return (told,)
