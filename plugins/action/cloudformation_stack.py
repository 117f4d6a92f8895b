# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`cloudformation_stack` in the controller: no transfer, no second interpreter, and progress while it works."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..module_utils._errors import FastbreakError
from ..modules.cloudformation_stack import CROSS_CHECKS, build_argument_spec, build_ports, run_request, to_exit
from ..plugin_utils._aws_action import AwsAction, Connection, WorkerClock
from ..plugin_utils._run_board import APPLIED, ENDED, RunBoard

if TYPE_CHECKING:
    from collections.abc import Mapping


class ActionModule(AwsAction):
    """See the module's documentation."""

    argument_spec = build_argument_spec()
    cross_checks = CROSS_CHECKS

    def perform(self, params: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        board = RunBoard(task_vars)
        if params["template"] and not Path(params["template"]).is_absolute():
            params["template"] = self._find_needle("files", params["template"])
        ports = build_ports(Connection(params).client, WorkerClock(), board, self.say)
        try:
            result = run_request(params, ports, self._task.check_mode)
        except FastbreakError:
            board.report(ENDED)
            raise
        if self._task.check_mode:
            board.publish(result.outputs)
        board.report(APPLIED)
        return {**to_exit(result), **({"warnings": list(result.warnings)} if result.warnings else {})}
