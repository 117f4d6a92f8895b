# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command that the collection prints: found in its sources, and held against what there is to run."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._common import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[5]
PLAYBOOK = re.compile(r"(?:[\w./-]*playbooks/[\w-]+\.yml|\bsite\.yml)")
FILTERED = re.compile(r"\{\{ '(\w+)' \| fastbreak\.aws\.command_to_run\(.*?\) \}\}")
WANTED = re.compile(r"(?<![\w-])-e\b|\.yml|\bcommands\b|command_to_run")
"""What a file has to hold for a text of it to be a command, or a name of one in ``commands``."""
COMMAND = re.compile(
    r"ansible-playbook -i (?P<inventory>inventories/\S+|<inventory>) (?P<playbook>playbooks/[\w-]+\.yml|site\.yml)"
    r"(?P<rest>(?: \[?-e \w+=\S+| \[?--[a-z]+(?: [a-z]+(?= |$|\)))?(?: --diff)?\]?)*)"
)


def texts() -> Iterator[tuple[str, str]]:
    """Where each text with an option or a playbook of the collection's programs stands, and the text, put together."""
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        if WANTED.search(source := path.read_text()):
            yield from _of_program(str(path.relative_to(ROOT)), source)
    for folder in ("roles", "playbooks"):
        for path in sorted((ROOT / folder).rglob("*.yml")):
            if WANTED.search(source := path.read_text()):
                place = str(path.relative_to(ROOT))
                yield from ((place, text) for text in _scalars(_yaml(source)))
                yield from ((place, line) for line in source.splitlines() if line.startswith("#"))


def _of_program(place: str, source: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.JoinedStr, ast.Constant)):
            yield f"{place}:{node.lineno}", _text(node)


def _yaml(source: str) -> Any:
    return yaml.load(source, Loader=yaml.CSafeLoader)


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_text, node.values))
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name):
        return str(getattr(commands, node.value.id, "<value>"))
    return "<value>"


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (text for member in value.values() for text in _scalars(member))
    elif isinstance(value, list):
        yield from (text for member in value for text in _scalars(member))
    elif isinstance(value, str):
        yield re.sub(r"\{\{.*?\}\}", "<value>", FILTERED.sub(_as_in_a_clone, value))


def _as_in_a_clone(found: re.Match[str]) -> str:
    name = "site.yml" if found[1] == "site" else f"playbooks/{found[1]}.yml"
    return f"ansible-playbook -i <inventory> {name}"


def is_advice(place: str, text: str) -> bool:
    """Whether *text* advises to run a playbook, rather than imports one."""
    return bool(PLAYBOOK.search(text)) and not (place.startswith("playbooks/") and PLAYBOOK.fullmatch(text))


TEXTS = tuple(texts())
ADVICE = sorted({(place, text) for place, text in TEXTS if is_advice(place, text)})


def known_variables(playbook: str) -> set[str]:
    """What may be given with ``-e``: what the playbook itself reads, and what roles and inventories declare."""
    return known_everywhere() | _read_by(ROOT / playbook)


@cache
def known_everywhere() -> frozenset[str]:
    reads = [ROOT / "playbooks/teardown.yml", *(ROOT / "roles").glob("*/tasks/*.yml")]
    names = {name for path in reads for name in _read_by(path)}
    # The role `stack` reads its variables in Python.
    component = (ROOT / "plugins" / "module_utils" / "_stack" / "component_options.py").read_text()
    names |= set(re.findall(r'variables(?:\.get\(|\[)"(\w+)"', component))
    for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        names |= set(_yaml(path.read_text())["argument_specs"]["main"]["options"])
    return frozenset(names)


def _read_by(path: Path) -> set[str]:
    return set(re.findall(r"(?:\{\{ |that: |\b)(\w+) \|", path.read_text()))


def test_advice_is_found() -> None:
    assert len(ADVICE) > 15
    assert {place.partition("/")[0] for place, _text in ADVICE} == {"playbooks", "plugins", "roles"}


@pytest.mark.parametrize(("place", "text"), ADVICE, ids=[place for place, _text in ADVICE])
def test_every_printed_command_is_whole_and_can_be_run(place: str, text: str) -> None:
    found = list(COMMAND.finditer(text))
    assert len(found) == len(PLAYBOOK.findall(text)), f"{place} names a playbook outside of a whole command: {text}"
    for command in found:
        assert (ROOT / command["playbook"]).is_file()
        given = set(re.findall(r"-e (\w+)=", command["rest"]))
        assert given <= known_variables(command["playbook"]), place


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (commands.DEPLOY, "ansible-playbook -i <inventory> c.deploy -e version={version}"),
        (f"Do it ({commands.PROVISION}), or not.", "Do it (ansible-playbook -i <inventory> c.site), or not."),
        (f"{commands.ROLL_BACK}. Then {commands.TEARDOWN}", None),
        ({"msg": commands.PUBLISH, "rc": 1, "problems": [commands.FIND_DRIFT, None]}, None),
        ("The template roles/ecs/files/stack.yml and playbooks/deploy.yml", "as it is"),
        (None, "as it is"),
    ],
)
def test_playbooks_in_commands_are_renamed_and_nothing_else(told: Any, expected: str | None) -> None:
    named = commands.renamed(told, lambda verb: f"c.{verb}")
    if expected == "as it is":
        assert named == told
    else:
        assert expected is None or named == expected
        assert ".yml" not in str(named)
        assert str(named).count(" c.") == len(PLAYBOOK.findall(str(told)))


def test_commands_name_the_inventory_and_the_environment_of_the_run() -> None:
    told = [commands.TEARDOWN, "ansible-playbook -i inventories/prod playbooks/promote.yml"]
    assert commands.renamed(told, lambda verb: f"c.{verb}", "-i a -i b", "dev") == [
        "ansible-playbook -i a -i b c.teardown -e confirm=dev",
        "ansible-playbook -i inventories/prod c.promote",
    ]


def test_every_command_that_is_written_down_is_renamed() -> None:
    written = {name: value for name, value in vars(commands).items() if name.isupper() and isinstance(value, str)}
    assert len(written) > 5
    for command in written.values():
        assert ".yml" not in commands.renamed(command, lambda verb: verb)


def test_every_printed_variable_is_one_that_is_read() -> None:
    known = known_everywhere().union(*map(_read_by, (ROOT / "playbooks").glob("*.yml")))
    for place, text in TEXTS:
        assert set(re.findall(r"(?<!\S)-e (\w+)=", text)) <= known, f"{place}: {text}"


def test_every_playbook_that_is_named_can_be_read_by_ansible() -> None:
    playbooks = sorted({command["playbook"] for _place, text in ADVICE for command in COMMAND.finditer(text)})
    run = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "--syntax-check", "-i", "inventories/dev", *playbooks],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
