# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that messages advise can be run: the playbook is there and takes the variables, the program is there."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._common import commands as advised

from tests.unit.docs.test_aws_commands import PLACES, texts
from tests.unit.docs.test_commands import COMMANDS, TARGETS, known_variables, playbook_of, variables_of, words_of
from tools.files import ROOT, project_files

PLAYBOOKS = sorted(
    {
        command
        for name, command in vars(advised).items()
        if name.isupper() and str(command).startswith("ansible-playbook")
    }
)
GIVEN = re.compile(r"(?<!\S)-e ([a-z]\w*)=")
PROGRAM = re.compile(r"\bpython -m ((?:tools|sandbox|demo|benchmarks)[a-z_.]*)")
TARGET = re.compile(r"(?:`|Run |run |with )make ([a-z][a-z-]+)")


@cache
def taken() -> dict[Path, frozenset[str]]:
    """The variables that each playbook's guard lets through."""
    found = {}
    for path in (ROOT / "playbooks").glob("*.yml"):
        plays = yaml.safe_load(path.read_text(encoding="utf-8"))
        found[path] = frozenset(name for play in plays for name in (play.get("vars") or {}).get("guard_takes", ()))
    return {**found, ROOT / "site.yml": found[ROOT / "playbooks" / "site.yml"]}


def refused(command: str) -> list[str]:
    """The variables of a command that its playbook's guard refuses; of the rest it is known what they are."""
    words = words_of(command.replace("{version}", "1.4.2"))
    [playbook] = [word for word in words[1:] if word.endswith(".yml") or word.startswith("fastbreak.aws.")]
    given = [name for flag, word in pairwise(words) if flag == "-e" for name in variables_of(word)]
    of_playbooks = frozenset().union(*taken().values())
    lets_through = taken()[playbook_of(playbook)] | (known_variables() - of_playbooks)
    return [name for name in given if name not in lets_through]


def messages() -> Iterator[tuple[str, str]]:
    """Each file of ours with what it says."""
    for path in project_files("*.py", "*.yml", "*.yaml"):
        if str(path).startswith(PLACES):
            yield from ((str(path), text) for text in texts(path))


@cache
def said(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return sorted({(path, found) for path, text in messages() for found in pattern.findall(text)})


def test_a_variable_that_a_playbook_does_not_take_is_found() -> None:
    assert refused("ansible-playbook -i <inventory> playbooks/publish.yml -e version=1.4.2") == ["version"]
    assert refused("ansible-playbook -i <inventory> playbooks/deploy.yml -e no_such=1") == ["no_such"]


@pytest.mark.parametrize("command", PLAYBOOKS)
def test_a_playbook_that_is_advised_takes_what_is_advised(command: str) -> None:
    assert refused(command) == []


@pytest.mark.parametrize(("page", "command"), [item for item in COMMANDS if item[1].startswith("ansible-playbook ")])
def test_a_playbook_takes_what_a_page_gives_it(page: str, command: str) -> None:
    assert refused(command) == [], page


def test_a_variable_that_is_advised_is_taken_by_a_playbook_or_known_to_a_role() -> None:
    known = known_variables().union(*taken().values())
    assert len(said(GIVEN)) > 10
    assert [item for item in said(GIVEN) if item[1] not in known] == []


def test_a_program_and_a_target_that_are_advised_are_there() -> None:
    assert len(said(PROGRAM)) > 5
    assert len(said(TARGET)) > 2
    assert [item for item in said(PROGRAM) if find_spec(item[1].rstrip(".")) is None] == []
    assert [item for item in said(TARGET) if item[1] not in TARGETS] == []
