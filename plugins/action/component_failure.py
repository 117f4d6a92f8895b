# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`component_failure`: a host tells the others of its play that its component failed, and stays failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ..plugin_utils._bytecode import kept_bytecode

with kept_bytecode():
    from ..module_utils._errors import OperationError
    from ..modules.component_failure import ENTRY
    from ..plugin_utils._entry_action import EntryAction
    from ..plugin_utils._run_board import ENDED, RunBoard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..module_utils._common.entry import Context


class ActionModule(EntryAction):
    """See the module's documentation."""

    entry = ENTRY

    def perform(self, _params: dict[str, Any], _context: Context, task_vars: Mapping[str, Any]) -> NoReturn:
        board = RunBoard(task_vars)
        board.report(ENDED)
        raise OperationError(
            f"Component {board.component} failed: its own message is further up. Run again once that is put right."
        )
