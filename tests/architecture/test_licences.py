# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each file says in its first lines whose it is and under which licence; what cannot say it is named in REUSE.toml."""

import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tools.files import ROOT, project_files

ANNOTATIONS = tomllib.loads((ROOT / "REUSE.toml").read_text(encoding="utf-8"))["annotations"]
APACHE, GPL = "Apache-2.0", "GPL-3.0-or-later"
APACHE_PARTS = ("service", "sandbox", "tests/sandbox")
# REUSE-IgnoreStart
HEADER = re.compile(
    r"""\A(?:\#!.*\n|---\n)?
    (?:\#|//|\{\#)\ SPDX-FileCopyrightText:\ The\ Fastbreak\ maintainers\n
    (?:\#\ GNU\ General\ Public\ License\ v3\.0\+\ .*\n)?
    (?:\#|//|\ \ )\ SPDX-License-Identifier:\ (\S+)""",
    re.VERBOSE,
)
"""What stands at a file's top. Ansible wants its own line about the GPL in plugins too."""


def part_licence(path: Path) -> str:
    """The licence of the part of the project that a file belongs to."""
    return APACHE if any(path.is_relative_to(part) for part in APACHE_PARTS) else GPL


def annotated(path: Path) -> str | None:
    """A file's licence by REUSE.toml; the last annotation that matches counts."""
    found = [entry for entry in ANNOTATIONS if any(fnmatchcase(str(path), pattern) for pattern in entry["path"])]
    return found[-1]["SPDX-License-Identifier"] if found else None


def headed(text: str) -> str | None:
    """The licence that a file's first lines name."""
    found = HEADER.match(text)
    return found.group(1) if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# SPDX-FileCopyrightText: The Fastbreak maintainers\n# SPDX-License-Identifier: Apache-2.0\n", APACHE),
        ("#!/bin/sh\n# SPDX-FileCopyrightText: The Fastbreak maintainers\n# SPDX-License-Identifier: MIT\n", "MIT"),
        ("// SPDX-FileCopyrightText: The Fastbreak maintainers\n// SPDX-License-Identifier: MIT\n", "MIT"),
        ('"""A module."""\n# SPDX-License-Identifier: MIT\n', None),
        ("# SPDX-License-Identifier: MIT\n", None),
        ("", None),
    ],
)
def test_a_header_stands_in_the_first_lines(text: str, expected: str | None) -> None:
    assert headed(text) == expected


# REUSE-IgnoreEnd


def test_every_file_is_under_the_licence_of_its_part() -> None:
    wrong = {}
    for path in project_files():
        content = (ROOT / path).read_bytes()
        if not content or path == Path("REUSE.toml"):
            continue
        found = annotated(path) or headed(content[:500].decode(errors="replace"))
        if found != part_licence(path):
            wrong[str(path)] = found
    assert wrong == {}, "Put the two SPDX lines at the top of each, as in its neighbours"


def test_source_is_never_left_to_the_list() -> None:
    listed = [path for path in project_files("*.py", "*.yml", "*.sh", "*.j2", "*.mjs") if annotated(path)]
    assert [path for path in listed if not path.is_relative_to("changelogs")] == [
        Path("tools/images/postgres/docker-entrypoint.sh"),
    ]


def test_plugins_carry_the_line_that_ansible_wants() -> None:
    plugins = [path for path in project_files("plugins/**.py") if (ROOT / path).stat().st_size > 0]
    assert [path for path in plugins if "GNU General Public License v3.0+" not in (ROOT / path).read_text()] == []


def test_the_texts_are_those_of_the_parts() -> None:
    texts = {name: (ROOT / "LICENSES" / f"{name}.txt").read_text(encoding="utf-8") for name in (APACHE, GPL)}
    assert (ROOT / "LICENSE").read_text(encoding="utf-8") == texts[GPL]
    for part in ("service", "sandbox"):
        assert (ROOT / part / "LICENSE").read_text(encoding="utf-8") == texts[APACHE]
