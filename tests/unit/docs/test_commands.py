# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands in the documentation can be run: playbooks, inventories, variables, make's targets and our own programs."""

import json
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

from tools.files import ROOT, project_files

PAGES = [path for path in project_files("*.md") if path.parts[0] in {"docs", "README.md", "CONTRIBUTING.md"}]
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SHELLS = {"", "sh", "bash", "shell"}
OPTIONAL = re.compile(r"\[(-[^\]]*)\]")
INLINE = re.compile(r"`([^`\n]+)`")
STARTS = ("ansible-playbook ", "make ", "python -m ", "tools/run ")
FLAGS = {"--check", "--diff", "-v", "--forks", "--limit"}
TARGETS = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def commands() -> list[tuple[str, str]]:
    """Pages, and the commands of ours that they show, without comments."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        blocks = [block for language, block in FENCE.findall(text) if language in SHELLS]
        lines = [line.strip() for block in blocks for line in block.splitlines()]
        inline = [" ".join(code.split()) for code in INLINE.findall(FENCE.sub("", text))]
        shown = [line.partition("  #")[0].rstrip().rstrip("\\").strip() for line in [*lines, *inline]]
        found += [(str(page), line) for line in shown if line.startswith(STARTS)]
    return sorted(set(found))


COMMANDS = commands()


def words_of(command: str) -> list[str]:
    """The command's words, without the runner before them and without brackets around what may be left out."""
    return shlex.split(OPTIONAL.sub(r"\1", command.removeprefix("tools/run ")))


def variables_of(given: str) -> list[str]:
    """The names of the variables that `-e` gives, as `name=value` or as JSON."""
    return sorted(json.loads(given)) if given.startswith("{") else [given.partition("=")[0]]


def playbook_of(word: str) -> Path:
    name = word.removeprefix("fastbreak.aws.")
    return ROOT / "playbooks" / f"{name}.yml" if name != word else ROOT / word


@cache
def known_variables() -> set[str]:
    """Variables that a user may give: inputs of roles, and what playbooks and tasks read with a filter or a test."""
    names = set()
    for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            names |= set(entry.get("options", {}))
    for path in [*(ROOT / "playbooks").glob("*.yml"), *(ROOT / "roles").glob("*/tasks/*.yml")]:
        names |= set(re.findall(r"\b([a-z_]+)(?: \||: \"?\{\{| is defined)", path.read_text(encoding="utf-8")))
    return names


def test_commands_are_found() -> None:
    assert len(COMMANDS) > 40
    assert {page for page, _command in COMMANDS} >= {"README.md", "docs/tutorial.md", "docs/operations.md"}
    # Behind a block of another language.
    assert ("README.md", "ansible-playbook -i inventories/dev fastbreak.aws.site --check --diff") in COMMANDS


@pytest.mark.parametrize(("page", "command"), [item for item in COMMANDS if "ansible-playbook " in item[1]])
def test_a_playbook_its_inventory_and_its_variables_are_there(page: str, command: str) -> None:
    words = words_of(command)[1:]
    known = known_variables()
    while words:
        word = words.pop(0)
        if word == "-i":
            inventory = words.pop(0)
            assert "<" in inventory or (ROOT / inventory).is_dir(), page
        elif word == "-e":
            assert set(variables_of(words.pop(0))) <= known, page
        elif word in {"--limit", "--forks"}:
            words.pop(0)
        elif word.startswith("-"):
            assert word in FLAGS, page
        else:
            assert playbook_of(word).is_file(), page


@pytest.mark.parametrize(("page", "command"), [item for item in COMMANDS if item[1].startswith("make ")])
def test_a_target_of_make_is_there(page: str, command: str) -> None:
    assert words_of(command)[1] in TARGETS, page


@pytest.mark.parametrize(
    "command", sorted({" ".join(words_of(text)) for _page, text in COMMANDS if "python -m " in text})
)
def test_a_program_of_ours_knows_the_options_that_are_shown(command: str) -> None:
    words = words_of(command)
    module, rest = words[2], words[3:]
    if module == "tools.NAME":
        return
    verbs = [word.partition("|")[0] for word in rest if re.fullmatch(r"[a-z][a-z|-]*", word)][:1]
    told = subprocess.run(
        [sys.executable, "-m", module, *(verbs if module in {"sandbox", "demo"} else []), "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert [word for word in rest if word.startswith("--") and word not in told.stdout] == []
