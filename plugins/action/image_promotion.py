# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`image_promotion` in the controller: no transfer, no second interpreter, and progress while it works."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.parameters import remove_values

from ..module_utils._aws.connection import SideConnection
from ..module_utils._common.interruption import interruptible
from ..module_utils._common.rollout_clock import RolloutClock
from ..module_utils._promotion.side import side_secrets
from ..modules.image_promotion import CROSS_CHECKS, build_argument_spec, run_request
from ..plugin_utils._aws_action import AwsAction

if TYPE_CHECKING:
    from collections.abc import Mapping


class ActionModule(AwsAction):
    """See the module's documentation."""

    argument_spec = build_argument_spec()
    cross_checks = CROSS_CHECKS

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        return remove_values(result, side_secrets(self._task.args))  # type: ignore[no-any-return]

    def perform(self, params: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        controller = os.getppid()
        if params["promotion_file"] and not Path(params["promotion_file"]).is_absolute():
            params["promotion_file"] = self._find_needle("files", params["promotion_file"])
        connect, clock, progress = SideConnection(params), RolloutClock(controller), _Progress(self, controller)
        with interruptible():
            return run_request(params, connect, self._task.check_mode, clock, progress)


class _Progress:
    """Shows lines while the controller is there; a run whose controller was killed must not go on unseen."""

    def __init__(self, action: AwsAction, controller: int) -> None:
        self._action = action
        self._controller = controller

    def say(self, text: str) -> None:
        """Show a line."""
        if os.getppid() != self._controller:
            raise KeyboardInterrupt("the ansible-playbook run that this belonged to has ended")
        self._action.say(text)
