# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`source_tree_info` in the controller."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._errors import FastbreakError
from ..modules.source_tree_info import build_argument_spec, read


class ActionModule(ActionBase):  # type: ignore[misc] # ansible-core publishes no types
    """See the module's documentation."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, params = self.validate_argument_spec(build_argument_spec())
        try:
            result.update(read(params))
        except FastbreakError as error:
            result.update(failed=True, msg=error.message, **error.details)
        return result
