# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`image_promotion_info` in the controller: no transfer, no second interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..modules.image_promotion_info import build_argument_spec, build_ports, run_request
from ..plugin_utils._aws_action import AwsAction, Connection

if TYPE_CHECKING:
    from collections.abc import Mapping


class ActionModule(AwsAction):
    """See the module's documentation."""

    argument_spec = build_argument_spec()

    def perform(self, params: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return run_request(params, build_ports(Connection(params).client, params["release_table"]))
