# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`component_state`: a host tells the others of its play how its component came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..modules.component_state import ENTRY
from ..plugin_utils._entry_action import EntryAction
from ..plugin_utils._run_board import RunBoard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..module_utils._common.entry import Context


class ActionModule(EntryAction):
    """See the module's documentation."""

    entry = ENTRY

    def perform(self, params: dict[str, Any], _context: Context, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        board = RunBoard(task_vars)
        board.report(params["state"])
        return {"changed": False, "component": board.component}
