# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`default_security_group` in the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..modules.default_security_group import build_argument_spec, close_default_group
from ..plugin_utils._aws_action import AwsAction, Connection

if TYPE_CHECKING:
    from collections.abc import Mapping


class ActionModule(AwsAction):
    """See the module's documentation."""

    argument_spec = build_argument_spec()

    def perform(self, params: dict[str, Any], _task_vars: Mapping[str, Any]) -> dict[str, Any]:
        return close_default_group(params["vpc_id"], Connection(params).client, self._task.check_mode)
