# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands of the AWS CLI, in messages and in the documentation, are calls that AWS's own models know."""

import ast
import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from tools.files import ROOT, project_files

PLACES = ("plugins/", "roles/", "playbooks/", "service/", "sandbox/", "tools/", "demo/", "docs/", "README.md")
#: What stands for a value that only a run knows.
UNKNOWN = "X"
#: A service, an operation and its options, each with at most one value. Names of collections end in aws, too.
COMMAND = re.compile(
    r"(?<![\w./])aws ([a-z][a-z0-9-]+) ([a-z][a-z0-9X-]+)((?:\s+--[a-z][a-z0-9X-]*(?:\s+(?!--)[^\s`]+)?|\s+--X\b)*)"
)
OPTION = re.compile(r"--([a-zX][a-z0-9X-]*)")
GLOBAL = {"region", "output", "profile", "query"}
#: What the CLI adds to the calls of a service.
OF_THE_CLI = {("cloudformation", "deploy"), ("cloudtrail", "validate-logs"), ("ecs", "wait")}


@cache
def texts(path: Path) -> tuple[str, ...]:
    """What a file says: of a program its texts, each in one piece, and of any other file all of it."""
    return tuple(_texts(path))


def _texts(path: Path) -> Iterator[str]:
    content = (ROOT / path).read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield " ".join(content.split())
        return
    inside: set[int] = set()
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else UNKNOWN for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield re.sub(r"\{\{?\w*\}\}?", UNKNOWN, " ".join(node.value.split()))


def commands() -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Each file with the service, the operation and the options of a command that it shows."""
    for path in project_files("*.py", "*.yml", "*.yaml", "*.md"):
        if str(path).startswith(PLACES):
            for found in (found for text in texts(path) for found in COMMAND.finditer(text)):
                yield str(path), found[1], found[2], tuple(OPTION.findall(found[3]))


COMMANDS = sorted(set(commands()))


@cache
def model(service: str) -> Any:
    session = botocore.session.get_session()
    return session.get_service_model({"s3api": "s3"}.get(service, service))


def test_commands_are_found() -> None:
    found = {(service, operation) for _path, service, operation, _options in COMMANDS}
    assert len(found) > 20
    assert ("kms", "cancel-key-deletion") in found
    assert ("ec2", "delete-route") in found, "a text with values in it"


def fitting(name: str, known: Collection[str]) -> list[str]:
    """The known names that *name* may stand for."""
    pattern = re.escape(name.removeprefix("no-")).replace(UNKNOWN, ".+")
    return [other for other in known if re.fullmatch(pattern, other)]


@pytest.mark.parametrize(
    ("path", "service", "operation", "options"), [item for item in COMMANDS if item[1:3] not in OF_THE_CLI]
)
def test_the_call_and_its_options_are_there(path: str, service: str, operation: str, options: tuple[str, ...]) -> None:
    operations = {xform_name(name, "-"): name for name in model(service).operation_names}
    meant = fitting(operation, operations)
    assert meant, f"{path}: aws {service} has no {operation}"
    if UNKNOWN in operation:
        return
    shape = model(service).operation_model(operations[operation]).input_shape
    members = {xform_name(name, "-") for name in shape.members}
    given = set(options) - GLOBAL
    unknown = [option for option in given if not fitting(option, members)]
    assert not unknown, f"{path}: aws {service} {operation} has no option {unknown}"
    if given and UNKNOWN not in "".join(given):
        needed = {xform_name(name, "-") for name in shape.required_members}
        assert needed <= given, f"{path}: aws {service} {operation} also needs {needed - given}"
