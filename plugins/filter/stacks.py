# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that lead from components to their stacks. Each has its documentation beside this file."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import FastbreakError
from ..module_utils._stack.component_order import dependants
from ..module_utils._stack.components import component_outputs, logical_ids, stack_name, stack_names

if TYPE_CHECKING:
    from collections.abc import Callable


def _told(work: Callable[..., Any]) -> Callable[..., Any]:
    """The same work, with errors that Ansible tells as a filter's."""

    @wraps(work)
    def filter_(*arguments: Any, **options: Any) -> Any:
        try:
            return work(*arguments, **options)
        except FastbreakError as error:
            raise AnsibleFilterError(error.message) from error

    return filter_


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            work.__name__: _told(work)
            for work in (
                stack_name,
                stack_names,
                component_outputs,
                dependants,
                logical_ids,
            )
        }
