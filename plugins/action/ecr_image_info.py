# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`ecr_image_info` in the controller: no transfer, no second interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.parameters import remove_values

from ..module_utils._aws.connection import SideConnection
from ..module_utils._promotion.side import side_secrets
from ..modules.ecr_image_info import build_argument_spec, run_request
from ..plugin_utils._aws_action import AwsAction

if TYPE_CHECKING:
    from collections.abc import Mapping


class ActionModule(AwsAction):
    """See the module's documentation."""

    argument_spec = build_argument_spec()

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        return remove_values(result, side_secrets(self._task.args))  # type: ignore[no-any-return]

    def perform(self, params: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return run_request(params, SideConnection(params))
