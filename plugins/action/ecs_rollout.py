# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`ecs_rollout` in the controller: no transfer, no second interpreter, and progress while it works."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..module_utils._common.interruption import interruptible
from ..module_utils._common.rollout_clock import RolloutClock
from ..modules.ecs_rollout import CROSS_CHECKS, build_argument_spec, build_ports, run_request
from ..plugin_utils._aws_action import AwsAction, Connection

if TYPE_CHECKING:
    from collections.abc import Mapping


class ActionModule(AwsAction):
    """See the module's documentation."""

    argument_spec = build_argument_spec()
    cross_checks = CROSS_CHECKS

    def perform(self, params: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        clock = RolloutClock(belongs_to=os.getppid())
        ports = build_ports(Connection(params).client, params["release_table"], clock, self)
        with interruptible():
            return run_request(params, ports, self._task.check_mode)
