# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`cloudformation_stack` with the options that the variables of a component's role stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..plugin_utils._bytecode import kept_bytecode

with kept_bytecode():
    from ..module_utils._stack.component_options import component_options
    from ..plugin_utils._role_variables import ResolvedVariables, component_role
    from .cloudformation_stack import ActionModule as StackAction

if TYPE_CHECKING:
    from collections.abc import Mapping


class ActionModule(StackAction):
    """See the module's documentation."""

    def prepare(self, task_vars: Mapping[str, Any]) -> None:
        variables = ResolvedVariables(task_vars, self._templar.template)
        self._task.args = {**self._task.args, **component_options(variables, component_role(task_vars))}
