# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`component_state`: a host tells the others of its play how its component came out."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..modules.component_state import build_argument_spec
from ..plugin_utils._run_board import RunBoard


class ActionModule(ActionBase):
    """See the module's documentation."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        _validation, params = self.validate_argument_spec(build_argument_spec())
        board = RunBoard(task_vars or {})
        board.report(params["state"])
        result.update(changed=False, component=board.component)
        return result
