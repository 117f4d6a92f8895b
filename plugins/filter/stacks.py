# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters that lead from components to their stacks. Each has its documentation beside this file."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from ansible.errors import AnsibleFilterError

from ..module_utils._errors import FastbreakError
from ..module_utils._stack.components import component_outputs, dependants, logical_ids, stack_name, stack_names
from ..module_utils._stack.inputs import template_parameters as check_inputs

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


def template_parameters(inputs: Any, component: Any, variables: Any, role: Any) -> dict[str, Any]:
    """The parameters that the variables of a component give; *role* is the directory of its role."""
    folder = Path(role)
    specs = yaml.safe_load((folder / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    roles = [other.name for other in folder.resolve().parent.iterdir()]
    return check_inputs(inputs, component, variables, specs["argument_specs"]["main"]["options"], roles)


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            work.__name__: _told(work)
            for work in (stack_name, stack_names, component_outputs, dependants, logical_ids, template_parameters)
        }
