# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`ecr_image` in the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..module_utils._publish.run import publish
from ..modules.ecr_image import build_argument_spec, build_ports, build_request, to_exit
from ..plugin_utils._aws_action import AwsAction, Connection

if TYPE_CHECKING:
    from collections.abc import Mapping


class ActionModule(AwsAction):
    """See the module's documentation."""

    argument_spec = build_argument_spec()

    def perform(self, params: dict[str, Any], _task_vars: Mapping[str, Any]) -> dict[str, Any]:
        request = build_request(params)
        ports = build_ports(params, Connection(params).client, self.say)
        return to_exit(request, publish(request, ports, check_mode=self._task.check_mode))
