# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that lead from components to their stacks. Each has its documentation beside this file."""

from __future__ import annotations

from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from ansible.errors import AnsibleFilterError

from ..module_utils._errors import FastbreakError
from ..module_utils._stack import inputs as stack_inputs
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


def template_parameters(inputs: Any, variables: Any, role: Any) -> dict[str, Any]:
    """The parameters that the variables of a component give; *role* is the directory of its role."""
    return stack_inputs.template_parameters(inputs, variables, _options(role))


def input_problem(variables: Any, component: Any, role: Any) -> str:
    """What is wrong with the variables of a component; *role* is the directory of its role."""
    roles = [other.name for other in Path(role).resolve().parent.iterdir()]
    return stack_inputs.input_problem(component, variables, _options(role), roles)


@cache
def _options(role: str) -> dict[str, Any]:
    text = (Path(role) / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    # The loader in C takes a tenth of the time, where PyYAML was built with it.
    specs = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe, both of them
    found: dict[str, Any] = specs["argument_specs"]["main"]["options"]
    return found


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
                input_problem,
                logical_ids,
                template_parameters,
            )
        }
