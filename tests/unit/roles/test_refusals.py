# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each variable of each component with values that it cannot have: refused by its name, before AWS is asked."""

from functools import cache
from pathlib import Path

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.inputs import input_problem, template_parameters
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.parameters import complete_parameters
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template import scalar
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import known_after

ROOT = Path(__file__).parents[3]
ROLES = [path.name for path in (ROOT / "roles").iterdir()]
COMPONENTS = sorted(path.parents[1].name for path in ROOT.glob("roles/*/files/stack.yaml"))
NAN, INFINITY = float("nan"), float("inf")
TEXTS = ["", " ", "many", "nan", "inf", "1_0", "\u0663", "0x10", "5 ", "5\n", "1,2"]
NUMBERS = [*TEXTS, NAN, INFINITY, True, [], {}, None, 10**30]
WRONG = {
    "int": [*NUMBERS, 1.5, "1e3"],
    "float": NUMBERS,
    "bool": ["", "maybe", "true ", 2, NAN, [], {}, None],
    "str": [5, 1.5, True, [], {}, None, " ", "x\n", "\u00e9", "a" * 3000],
    "list": ["a", 5, {}, None, [None], [""], [5], ["a,b"], ["*"], ["\u00e9"], ["x y"]],
}


@cache
def role(component):
    """A component's options, the values that they have by default, the variables of its task, and its template."""
    folder = ROOT / "roles" / component
    options = yaml.safe_load((folder / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    task = yaml.safe_load((folder / "tasks" / "main.yml").read_text())[0]["vars"]
    plain = yaml.safe_load((ROOT / "inventories/dev/group_vars/all/10_environment.yml").read_text())
    given = {key: plain[key] for key in plain if key in options and "{{" not in str(plain[key])}
    needed = {"fastbreak_service_name": "inference", "fastbreak_tags": {"Project": "fastbreak"}}
    needed |= {key: "fastbreak/inference" for key in options if key.endswith("_repository_name")}
    known = {key: option["default"] for key, option in options.items() if "default" in option} | needed | given
    return options, known, task, read_template(str(folder / "files" / "stack.yaml"))[1]


def refusal(component, name, value):
    """What the role says of the value, with all else as the inventory has it."""
    options, known, task, template = role(component)
    variables = known | {name: value}
    if problem := input_problem(component, variables, options, ROLES):
        return problem
    given = {"Environment": "dev", **template_parameters(task["stack_inputs"], variables, options)}
    texts = {key: ",".join(item) if isinstance(item, list) else scalar(item) for key, item in given.items()}
    texts |= {key: known_after("another") for key in template["Parameters"] if key not in texts}
    try:
        complete_parameters("stack", template, texts, task["stack_inputs"])
    except RequestError as problem:
        return str(problem)
    return ""


def variables():
    return [(component, name) for component in COMPONENTS for name in role(component)[0] if name.startswith(component)]


@pytest.mark.parametrize("component", COMPONENTS)
def test_what_the_inventory_says_is_taken(component):
    (name, value), *_rest = role(component)[1].items()
    assert refusal(component, name, value) == ""


@pytest.mark.parametrize(("component", "name"), variables())
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(component, name):
    option = role(component)[0][name]
    accepted = [value for value in WRONG[option["type"]] if name not in refusal(component, name, value)]
    assert accepted == []
