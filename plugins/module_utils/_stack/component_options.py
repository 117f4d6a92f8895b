# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the variables of a component's role to the options of `cloudformation_stack`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._errors import RequestError
from .components import logical_ids, stack_name, stack_names
from .inputs import input_problem, template_parameters

if TYPE_CHECKING:
    from collections.abc import Collection

# What has to fit another component is looked at with both: ports, the name that users open, repository and storage.
_SHARED = (
    "(rds_database|ecs_container|ecs_test_listener)_port|(edge|cloudfront)_domain_name|ecr_repository_name"
    "|rds_allocated_storage_gib"
)
# With one component alone: GraphQL takes the tokens of the service, and sends them to its load balancer.
_OTHERS = {"appsync": "ecs_certificate_arn|ecs_rollout_(identity|environment|oidc_issuer|oidc_audience)"}
#: A stack policy cannot be removed once it is set; this policy is as good as none.
OPEN_POLICY = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}


@dataclass(frozen=True, slots=True)
class Role:
    """The role of a component: its folder, the options of its argument specs, and the names of all roles beside it."""

    folder: str
    options: Mapping[str, Any]
    neighbours: Collection[str]


def component_options(variables: Mapping[str, Any], role: Role) -> dict[str, Any]:
    """The options. *variables* are all that are defined, those of the role ``stack`` among them.

    Raises `RequestError` that names all that is wrong with the variables of the component.
    """
    component, inputs = variables["stack_component"], _mapping(variables, "stack_inputs")
    given = _checked(component, inputs, variables, role) if inputs else {}
    environment = variables["fastbreak_environment"]
    components = (variables.get("groups") or {}).get("components") or [component]
    options = {
        "name": stack_name(component, environment),
        "template": variables.get("stack_template") or f"{role.folder}/files/stack.yaml",
        "parameters": {"Environment": environment, **given, **_mapping(variables, "stack_parameters")},
        "sources": {"Environment": "fastbreak_environment", "role_arn": _role_variable(variables), **inputs},
        "tags": {**_mapping(variables, "fastbreak_tags"), "Component": component},
        "role_arn": variables.get(_role_variable(variables)) or "",
        "stack_policy": variables["stack_policy"] or OPEN_POLICY,
        "depends_on": stack_names(variables.get("fastbreak_depends_on", []), environment),
        "consent": logical_ids(variables.get("replace", ""), component, components),
        "skip_rollback": logical_ids(variables.get("skip_rollback", ""), component, components),
        "region": variables["fastbreak_region"],
    }
    for name in ("capabilities", "termination_protection", "timeout_seconds", "domain_names"):
        options[name] = variables[f"stack_{name}"]
    if rules := variables["stack_listener_rules"]:
        options["listener_rules"] = rules
    return options


def looked_at(component: str, names: Collection[str]) -> list[str]:
    """Those of the *names* of variables that are checked together before the component is planned."""
    others = _OTHERS.get(component, "(?!)")
    pattern = re.compile(f"({re.escape(component)}|fastbreak|network)_.*|{_SHARED}|{others}")
    return [name for name in names if pattern.fullmatch(name)]


def _checked(component: str, inputs: Mapping[str, str], variables: Mapping[str, Any], role: Role) -> dict[str, Any]:
    known = {name: variables[name] for name in looked_at(component, variables.keys())}
    if problem := input_problem(component, known, role.options, role.neighbours):
        raise RequestError(problem)
    # No more than the template takes.
    return template_parameters(inputs, {name: variables.get(name) for name in inputs.values()}, role.options)


def _role_variable(variables: Mapping[str, Any]) -> str:
    return "stack_service_role_arn" if "stack_service_role_arn" in variables else "fastbreak_stack_role_arn"


def _mapping(variables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = variables[name]
    if not isinstance(value, Mapping):
        raise RequestError(f"Nothing was touched. {name} is {value!r}, where a mapping is wanted.")
    return value
