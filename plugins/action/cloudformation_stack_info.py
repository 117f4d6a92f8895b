# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`cloudformation_stack_info` in the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..modules.cloudformation_stack_info import build_argument_spec, read_stacks
from ..plugin_utils._aws_action import AwsAction, Connection, WorkerClock

if TYPE_CHECKING:
    from collections.abc import Mapping


class ActionModule(AwsAction):
    """See the module's documentation."""

    argument_spec = build_argument_spec()

    def perform(self, params: dict[str, Any], _task_vars: Mapping[str, Any]) -> dict[str, Any]:
        return {"changed": False, "stacks": read_stacks(params, Connection(params).client, WorkerClock())}
