"""Every file has a licence by REUSE.toml, and its text is there."""

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tools.files import ROOT, project_files

ANNOTATIONS = tomllib.loads((ROOT / "REUSE.toml").read_text(encoding="utf-8"))["annotations"]
APACHE, GPL = "Apache-2.0", "GPL-3.0-or-later"


def licence(path: Path) -> str | None:
    """The SPDX identifier of a file's licence; the last annotation that matches counts."""
    found = None
    for annotation in ANNOTATIONS:
        patterns = annotation["path"] if isinstance(annotation["path"], list) else [annotation["path"]]
        if any(fnmatchcase(str(path), pattern) for pattern in patterns):
            found = annotation["SPDX-License-Identifier"]
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plugins/modules/ecs_rollout.py", GPL),
        ("roles/ecr/tasks/main.yml", GPL),
        ("service/src/fastbreak_service/cli.py", APACHE),
        ("sandbox/cli.py", APACHE),
        ("README.md", GPL),
    ],
)
def test_a_file_is_under_the_licence_of_its_part(name: str, expected: str) -> None:
    assert (ROOT / name).is_file()
    assert licence(Path(name)) == expected


def test_every_file_has_a_licence_whose_text_is_there() -> None:
    used = {licence(path) for path in project_files()}
    assert used == {path.stem for path in (ROOT / "LICENSES").glob("*.txt")}


def test_the_texts_are_those_of_the_parts() -> None:
    texts = {name: (ROOT / "LICENSES" / f"{name}.txt").read_text(encoding="utf-8") for name in (APACHE, GPL)}
    assert (ROOT / "LICENSE").read_text(encoding="utf-8") == texts[GPL]
    for part in ("service", "sandbox"):
        assert (ROOT / part / "LICENSE").read_text(encoding="utf-8") == texts[APACHE]


def test_plugins_name_their_licence_in_the_file() -> None:
    plugins = [path for path in project_files("plugins/**.py") if (ROOT / path).stat().st_size > 0]
    unnamed = [path for path in plugins if "GNU General Public License v3.0+" not in (ROOT / path).read_text()]
    assert unnamed == []
