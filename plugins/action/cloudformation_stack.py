# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`cloudformation_stack` in the controller: no transfer, no second interpreter, and progress while it works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..plugin_utils._bytecode import kept_bytecode

with kept_bytecode():
    from ..modules.cloudformation_stack import ENTRY, perform
    from ..plugin_utils._entry_action import EntryAction
    from ..plugin_utils._run_board import APPLIED, ENDED, RunBoard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..module_utils._common.entry import Context


class ActionModule(EntryAction):
    """See the module's documentation."""

    entry = ENTRY

    def perform(self, params: dict[str, Any], context: Context, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        board = RunBoard(task_vars)
        try:
            result: dict[str, Any] = perform(params, context, board)
        except BaseException:
            board.report(ENDED)
            raise
        board.report(APPLIED)
        return result
