# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A variable that is given alone changes what is made, is refused by its name, or says what it needs beside it."""

from functools import cache
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.component_options import looked_at
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.cross_checks import cross_check

from benchmarks.cost.stacks import Inventory, model, read

ROOT = Path(__file__).parents[3]
COMPONENTS = sorted(path.parents[1].name for path in ROOT.glob("roles/*/files/stack.yaml"))


@cache
def loaded(role, *path):
    return yaml.safe_load((ROOT / "roles" / role / Path(*path)).read_text(encoding="utf-8"))


def options(role):
    return loaded(role, "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]


def inputs():
    """Each variable of its own that a component hands to its template."""
    for component in COMPONENTS:
        for name in loaded(component, "tasks", "main.yml")[0]["vars"]["stack_inputs"].values():
            if name.startswith(f"{component}_"):
                yield component, name


@pytest.fixture(scope="module")
def dev() -> Inventory:
    return read(ROOT / "inventories" / "dev")


def others(option, value):
    """Values of the option's type beside *value*."""
    if option["type"] == "bool":
        return [not value]
    if option["type"] in {"int", "float"}:
        return [other for other in option.get("choices", [value + 1, value + 2]) if other != value][:1]
    if option["type"] == "list":
        return [[*(value or []), "other"]]
    return [other for other in option.get("choices", ["10.99.0.0/16", "16", "other"]) if other != value]


def alone(component, name, dev):
    """What comes of each other value of the variable: whether anything changes, and what is refused."""
    # Components outside of the inventory (bootstrap) need what all have.
    given = dev.variables.get(component) or dev.variables["network"]
    known = {key: option["default"] for key, option in options(component).items() if "default" in option} | given
    loader = DataLoader()
    before = model(component, given, loader)
    for value in others(options(component)[name], known.get(name)):
        try:
            changed = model(component, given | {name: value}, loader) != before
        except RequestError:
            continue  # a form that the template cannot take, as of a range of addresses: another value is tried
        yield changed, [problem for problem in cross_check(component, known | {name: value}) if name in problem]


@pytest.mark.parametrize(("component", "name"), [*inputs()])
def test_no_variable_changes_nothing_without_a_word(component, name, dev):
    found = list(alone(component, name, dev))
    assert found or options(component)[name].get("choices", [0, 1])[1:] == []
    for changed, refused in found:
        says = f"{options(component)[name]['description']}".replace(f"C({name})", "")
        assert changed or refused or "Without C(" in says, f"{name} given alone changes nothing, and nothing says so"


class Watched(dict):
    """Holds *value* for every variable, and knows which were asked for."""

    def __init__(self, value):
        super().__init__()
        self.value, self.seen = value, set()

    def get(self, key, default=None):
        self.seen.add(key)
        return self.value

    __getitem__ = get

    def __contains__(self, key):
        return self.get(key) is not None


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_check_sees_every_variable_that_it_asks_for(component):
    """The role hands over its own variables and those that its task names."""
    for value in (None, "", "true", "x", "codepipeline", ["x"], 1):
        watched = Watched(value)
        cross_check(component, watched)
        assert watched.seen == {*looked_at(component, watched.seen)}
