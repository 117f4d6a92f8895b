# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`account_guard` in the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.utils.vars import load_extra_vars

from ..plugin_utils._bytecode import kept_bytecode

with kept_bytecode():
    from ..modules.account_guard import ENTRY
    from ..plugin_utils._confirmed_account import ConfirmedAccount
    from ..plugin_utils._entry_action import EntryAction
    from ..plugin_utils._known_variables import insist_on_known_variables
    from ..plugin_utils._possible_order import insist_on_possible_order
    from ..plugin_utils._resolvable_variables import insist_on_resolvable
    from ..plugin_utils._taken_variables import insist_on_taken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..module_utils._common.entry import Context


class ActionModule(EntryAction):
    """See the module's documentation."""

    entry = ENTRY
    confirms_account = False

    def perform(self, params: dict[str, Any], context: Context, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        insist_on_known_variables(task_vars)
        insist_on_possible_order(task_vars)
        insist_on_resolvable(task_vars)
        insist_on_taken(load_extra_vars(self._loader), params["takes"])
        result = super().perform(params, context, task_vars)
        named = {f"fastbreak_{name}": params[name] for name in ("account_id", "region")}
        ConfirmedAccount(named).remember()
        return result
