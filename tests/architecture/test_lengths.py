# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions are short enough to be read at once."""

import ast

import pytest

from tools.files import ROOT, project_files

LONGEST = 40
"""Lines of a function, its docstring among them."""
LONGER = {
    "plugins/module_utils/_oci/transfer/blobs.py: copy_blob",
    "plugins/module_utils/_promotion/adapters/side.py: connect_side",
    "service/src/fastbreak_service/store/migrations/versions/0001_analyses.py: upgrade",
}
"""Those that are longer. A migration that has been run is not rewritten; of the others there shall be none."""
FOLDERS = ("benchmarks", "demo", "plugins", "sandbox", "service/src", "tools")


def too_long(source: str) -> list[str]:
    """Names of functions with more lines than they may have."""
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST
    ]


def test_no_function_is_too_long() -> None:
    files = project_files(*(f"{folder}/**.py" for folder in FOLDERS))
    assert {path.parts[0] for path in files} == {folder.split("/")[0] for folder in FOLDERS}
    found = {f"{path}: {name}" for path in files for name in too_long((ROOT / path).read_text(encoding="utf-8"))}
    assert found == LONGER


@pytest.mark.parametrize(("body", "expected"), [(LONGEST - 1, []), (LONGEST, ["f"])])
@pytest.mark.parametrize("keyword", ["def", "async def"])
def test_lines_are_counted(keyword: str, body: int, expected: list[str]) -> None:
    assert too_long(f"{keyword} f():\n" + "    x = 1\n" * body) == expected
