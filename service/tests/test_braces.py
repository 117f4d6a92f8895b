# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""That no text shows a reader the two braces by which an f-string writes one."""

from __future__ import annotations

import ast
from pathlib import Path

import fastbreak_service

SOURCE = Path(fastbreak_service.__file__).parent


def doubled(text: str) -> list[int]:
    """The lines of texts with two braces, as they are read: in an f-string they have become one."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "{{" in node.value
    ]


def test_two_braces_are_written_in_f_strings_alone() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    assert len(files) > 100
    found = {str(path.relative_to(SOURCE)): lines for path in files if (lines := doubled(path.read_text()))}
    assert found == {}, "the caller reads both braces there"


def test_the_second_of_two_texts_is_found() -> None:
    assert doubled('x = f"{1} a {{b}}"\ny = (f"{x} c " "d {{e}}")') == [2]
