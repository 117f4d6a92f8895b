# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an environment's stacks would cost, from its inventory and its roles' templates, without any AWS."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template
from ansible.vars.manager import VariableManager
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import parse_template
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.inputs import template_parameters
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.monthly_cost import Charge, charges
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template import Model, evaluate, scalar
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import Template
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import known_after

from tools.files import ROOT

_ISSUER = "https://issuer.example"
"""Whoever asks for tokens names an issuer, without which nothing is released; then there is GraphQL too."""


@dataclass(frozen=True)
class Inventory:
    """The variables of each component, and the charges of its stack."""

    variables: dict[str, dict[str, Any]]
    charges: dict[str, list[Charge]]


def read(folder: Path) -> Inventory:
    """The inventory in *folder*. Components that another one's outputs feed take those as not known yet."""
    _load_plugins()
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(folder)])
    manager = VariableManager(loader=loader, inventory=inventory)
    variables, found = {}, {}
    for host in inventory.get_hosts("components"):
        given = {**manager.get_vars(host=host, include_hostvars=False), "ecs_rollout_oidc_issuer": _ISSUER}
        variables[host.name] = Templar(loader=loader, variables=given).template(_own(given))
        found[host.name] = charges(model(host.name, variables[host.name], loader))
    return Inventory(variables, found)


@cache
def _load_plugins() -> None:
    """Once for a process: inventories use lookups."""
    init_plugin_loader()


def _own(given: dict[str, Any]) -> dict[str, Any]:
    """The project's variables; Ansible's own speak of a run that there is not."""
    prefixes = ("fastbreak_", *(f"{path.name}_" for path in (ROOT / "roles").iterdir()))
    return {key: value for key, value in given.items() if key.startswith(prefixes)}


def model(component: str, variables: dict[str, Any], loader: DataLoader) -> Model:
    """What the component's template comes to with *variables*, its role's defaults where they are silent."""
    task, options, template = _role(component)
    known = {name: option["default"] for name, option in options.items() if "default" in option} | variables
    values = {name: body.get("Default") for name, body in template["Parameters"].items()}
    values |= {"Environment": known["fastbreak_environment"]}
    values |= template_parameters(task["stack_inputs"], known, options)
    templar = Templar(loader=loader, variables=known)
    values |= {name: _given(value, known, templar) for name, value in task.get("stack_parameters", {}).items()}
    pseudo = {"AWS::Region": known["fastbreak_region"], "AWS::AccountId": known["fastbreak_account_id"]}
    return evaluate(template, {name: _text(value) for name, value in values.items()}, pseudo)


@cache
def _role(component: str) -> tuple[dict[str, Any], dict[str, Any], Template]:
    """The variables of the role's task, its options, and its template."""
    role = ROOT / "roles" / component
    task = yaml.safe_load((role / "tasks" / "main.yml").read_text(encoding="utf-8"))[0]["vars"]
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    path = role / "files" / "stack.yaml"
    template = parse_template(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
    return task, specs["argument_specs"]["main"]["options"], template


def _given(value: Any, known: dict[str, Any], templar: Templar) -> Any:
    """A parameter that a role works out or that another component provides: of subnets one in each zone."""
    if not isinstance(value, dict):
        return templar.template(trust_as_template(value)) if isinstance(value, str) else value
    if "when_made" in value:
        return value["when_made"]
    if str(value["output"]).endswith("SubnetIds"):
        return [f"subnet-{zone}" for zone in known["network_availability_zones"]]
    return known_after(value["component"])


def _text(value: Any) -> str:
    return ",".join(map(scalar, value)) if isinstance(value, list) else scalar(value)
