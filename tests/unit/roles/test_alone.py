# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role in a play of somebody's own, without our guard: its argument specs name each variable that is not set."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
COMPONENTS = sorted(path.parents[1].name for path in ROOT.glob("roles/*/files/stack.yaml"))
# A shared variable that is read as it is, and not with something in its place when it is not set.
NEEDED = re.compile(r"\b(fastbreak_[a-z_]+)\b(?! *\| *default| is defined|:)")


def entries(role):
    return yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())["argument_specs"]


def text_of(role, *folders):
    files = [path for folder in folders for path in (ROOT / "roles" / role / folder).rglob("*.yml")]
    return "\n".join(re.sub(r"^ *#.*|fastbreak\.aws\.\w+", "", path.read_text(), flags=re.MULTILINE) for path in files)


def required(entry):
    return {name for name, option in entry["options"].items() if option.get("required")}


@pytest.mark.parametrize("role", ROLES)
def test_every_shared_variable_that_a_role_reads_is_among_its_arguments(role):
    read = set(NEEDED.findall(text_of(role, "tasks", "vars", "defaults")))
    assert read - set(entries(role)["main"]["options"]) == set()


@pytest.mark.parametrize("role", COMPONENTS)
def test_what_the_stack_needs_is_required_of_the_component(role):
    shared = {name for name in required(entries("stack")["main"]) if name.startswith("fastbreak_")}
    assert shared <= required(entries(role)["main"])


@pytest.mark.parametrize("role", ROLES)
def test_no_default_of_an_argument_reads_another_variable(role):
    """Ansible would fill it in before it looks for what is missing, and fail in words of its own."""
    defaults = {
        f"{entry}.{name}": option.get("default")
        for entry, spec in entries(role).items()
        for name, option in spec["options"].items()
    }
    assert [name for name, value in defaults.items() if "{{" in str(value)] == []
    role_defaults = text_of(role, "defaults")
    assert NEEDED.findall(role_defaults) == []


@pytest.mark.parametrize("role", ROLES)
def test_each_entry_that_a_playbook_uses_has_arguments(role):
    playbooks = "\n".join(path.read_text() for path in (ROOT / "playbooks").glob("*.yml"))
    used = re.findall(rf"name: fastbreak\.aws\.{role}\n +tasks_from: (\w+)", playbooks)
    assert {"main", *used} <= set(entries(role))
