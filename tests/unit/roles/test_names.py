# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What roles and playbooks call their variables, and that they hold no programs."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
FILES = sorted(
    path
    for folder in ("roles", "playbooks", "extensions/molecule", "inventories")
    for path in (ROOT / folder).rglob("*.yml")
    if path.is_file()
)
PRIVATE = re.compile(r"\b__[a-z][a-z0-9_]*")
# What turns an expression into a program: statements, and methods that change a value.
PROGRAM = re.compile(r"\{%|\.(?:update|append|extend|pop|insert|setdefault|remove)\(|\bnamespace\(")


def owner(name):
    """The role that a private name belongs to: the longest whose name it begins with; None when there is none."""
    return max((role for role in ROLES if name.startswith(f"__{role}_")), key=len, default=None)


def text_of(path):
    """The file without its comments."""
    return "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))


def identify(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=identify)
def test_a_private_name_is_used_by_its_own_role_alone(path):
    parts = path.relative_to(ROOT).parts
    role = parts[1] if parts[0] == "roles" else None
    foreign = {name for name in PRIVATE.findall(text_of(path)) if owner(name) != role}
    assert foreign == set()


@pytest.mark.parametrize("path", FILES, ids=identify)
def test_expressions_are_no_programs(path):
    assert PROGRAM.findall(text_of(path)) == []


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_leaves_behind_is_documented(role):
    tasks = "\n".join(text_of(path) for path in (ROOT / "roles" / role / "tasks").glob("*.yml"))
    left = {name for name in re.findall(r"^ +register: (\w+)$", tasks, re.MULTILINE) if not name.startswith("__")}
    spec = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]
    described = " ".join(spec.get("description", []))
    assert {name for name in left if f"C({name})" not in described} == set()


def test_a_program_and_a_foreign_name_would_be_found():
    assert PROGRAM.findall("{%- set _ = found.update({1: 2}) -%}") == ["{%", ".update("]
    assert PROGRAM.findall("{{ gates.append(1) }}")
    assert PROGRAM.findall("{{ {'a': 1} | combine(more) | dict2items }}") == []
    assert [owner(name) for name in ("__stack_result", "__ecs_rollout_read", "__ecs_x", "__drift_found")] == [
        "stack",
        "ecs_rollout",
        "ecs",
        None,
    ]
