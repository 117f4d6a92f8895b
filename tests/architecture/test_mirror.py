# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""tests/unit mirrors plugins/ file by file: what tests a file lies where the file lies, under its name."""

import ast
from pathlib import Path

import pytest

from tools.files import ROOT, project_files

PLUGINS, TESTS = Path("plugins"), Path("tests/unit/plugins")
MANY = {"module_utils/_aws/test_paging.py", "test_documentation.py", "test_names.py", "test_wrong_types.py"}
"""Tests of a rule that many files keep."""
TRIVIAL = 5
"""Statements inside functions that need no test of their own."""


def source_of(test: Path) -> Path | None:
    """The file that a test file is about: that of its name, or that of its first words (`run` for `run_failures`)."""
    words = test.stem.removeprefix("test_").split("_")
    for count in range(len(words), 0, -1):
        name = "_".join(words[:count])
        for candidate in (name, f"_{name}"):
            source = PLUGINS / test.parent.relative_to(TESTS) / f"{candidate}.py"
            if (ROOT / source).is_file():
                return source
    return None


def work(source: str) -> int:
    """Statements inside functions, without those of protocols, docstrings and placeholders."""

    def count(node: ast.AST, inside: bool) -> int:
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).startswith("Protocol") for base in node.bases):
            return 0
        idle = isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        inside_below = inside or isinstance(node, ast.FunctionDef | ast.Lambda)
        here = int(inside and isinstance(node, ast.stmt) and not idle)
        return here + sum(count(child, inside_below) for child in ast.iter_child_nodes(node))

    return count(ast.parse(source), inside=False)


def sources(folder: str) -> list[Path]:
    return [path for path in project_files(f"{PLUGINS}/{folder}/**.py") if path.name != "__init__.py"]


TEST_FILES = project_files(f"{TESTS}/**/test_*.py", f"{TESTS}/test_*.py")
TESTED = {source_of(test) for test in TEST_FILES}


def test_every_test_file_is_about_the_file_of_its_name() -> None:
    astray = {str(test.relative_to(TESTS)) for test in TEST_FILES if source_of(test) is None}
    assert astray == MANY


def test_every_file_of_module_utils_with_work_in_it_has_a_test_file() -> None:
    untested = {
        str(path.relative_to(PLUGINS))
        for path in sources("module_utils")
        if path not in TESTED and work((ROOT / path).read_text(encoding="utf-8")) > TRIVIAL
    }
    assert untested == set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("X = 1\nclass A:\n    y: int = 2\n", 0),
        ("class P(Protocol):\n    def f(self):\n        return 1\n", 0),
        ('def f():\n    """Says what it does."""\n    ...\n', 0),
        ("def f(x):\n    if x:\n        return 1\n    return 2\n", 3),
        ("class A:\n    def f(self):\n        return 1\n", 1),
    ],
)
def test_work_is_counted(source: str, expected: int) -> None:
    assert work(source) == expected


def test_a_test_file_without_a_source_is_seen() -> None:
    assert source_of(TESTS / "module_utils/_rollout/test_core.py") is None
    assert (
        source_of(TESTS / "module_utils/_promotion/test_run_failures.py") == PLUGINS / "module_utils/_promotion/run.py"
    )
