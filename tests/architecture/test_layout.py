# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of the layout that no linter knows."""

import ast
import re
from pathlib import Path, PurePosixPath

import pytest

from tools.files import ROOT, project_files

MODULES = project_files("plugins/modules/*.py")
# Spelled in pieces, so that this file too names none of what it looks for.
HOSTS = [
    ".".join(parts)
    for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("registry-1", "docker", "io"))
]
REGISTRY_HOSTS = re.compile(rf"\b({'|'.join(map(re.escape, HOSTS))})\b")
HOMES = ["root", "work", "home/[a-z]+"]
MACHINE_PATHS = re.compile(rf"(?<![\w.])/(?:{'|'.join(HOMES)})/[\w.]")
TEXT = {".py", ".yml", ".yaml", ".md", ".toml", ".cfg", ".txt", ".in", ".sh", ".json", ".lock", ""}


def text_files() -> list[Path]:
    return [path for path in project_files() if path.suffix in TEXT]


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def long_functions(path: PurePosixPath, source: str, limit: int) -> list[str]:
    """Functions with more than `limit` lines, from `def` to their last line."""
    return [
        f"{path}:{node.lineno}: {node.name} has {length} lines, {limit} are allowed"
        for node in ast.walk(ast.parse(source, str(path)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > limit
    ]


def test_packages_of_the_collection_have_empty_init_files() -> None:
    assert [path for path in project_files("plugins/**/__init__.py") if read(path)] == []


def test_functions_of_modules_are_short() -> None:
    assert MODULES
    assert [problem for path in MODULES for problem in long_functions(PurePosixPath(path), read(path), 40)] == []


def test_every_module_has_an_action_plugin_of_the_same_name() -> None:
    actions = {path.stem for path in project_files("plugins/action/*.py")}
    assert {path.stem for path in MODULES} == actions - {"__init__"}


def test_python_files_stay_short() -> None:
    """Modules are left out: most of one is its documentation, and their functions have a limit of their own."""
    sources = [path for path in project_files("*.py") if path.parts[0] != "tests" and path not in MODULES]
    assert [path for path in sources if len(read(path).splitlines()) > 400] == []


def test_templates_are_linted_with_the_linters_own_defaults() -> None:
    assert project_files("*.cfnlintrc*", ".cfnlintrc*") == []
    assert [path for path in project_files("roles/*/files/stack.yaml") if "cfn-lint" in read(path)] == []


def test_no_file_names_a_package_registrys_host() -> None:
    found = [str(path) for path in text_files() if REGISTRY_HOSTS.search(read(path))]
    # Images are promoted from and to Docker Hub: this file alone says where that answers.
    assert found == ["plugins/module_utils/_oci/docker_hub.py"]


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    # An image's own places are not a machine's: a Dockerfile may name root's home.
    files = [path for path in text_files() if not path.name.startswith("Dockerfile")]
    found = [(str(path), match.group()) for path in files if (match := MACHINE_PATHS.search(read(path)))]
    assert found == []


@pytest.mark.parametrize("host", HOSTS)
def test_the_check_for_hosts_sees(host: str) -> None:
    assert REGISTRY_HOSTS.search(f"https://{host}/x")


@pytest.mark.parametrize("home", ["root", "work", "home/alice"])
def test_the_check_for_places_sees(home: str) -> None:
    assert MACHINE_PATHS.search(f"cd /{home}/x")


def test_the_check_for_long_functions_sees() -> None:
    source = "def f():\n" + "    pass\n" * 40
    assert long_functions(PurePosixPath("x.py"), source, 40) == ["x.py:1: f has 41 lines, 40 are allowed"]
