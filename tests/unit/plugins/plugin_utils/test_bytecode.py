# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's compiled code is kept."""

from __future__ import annotations

import ast
import sys
from contextlib import nullcontext
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.plugin_utils._bytecode import PACKAGE, BytecodeFinder, kept_bytecode

from tools.files import ROOT

if TYPE_CHECKING:
    from pathlib import Path

ACTIONS = sorted((ROOT / "plugins" / "action").glob("*.py"))


def test_a_module_is_loaded_by_python_which_keeps_what_it_compiled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "kept"))
    (tmp_path / "here.py").write_text("found = 1\n", encoding="utf-8")
    spec = BytecodeFinder().find_spec(f"{PACKAGE}.here", [str(tmp_path / "elsewhere"), str(tmp_path)])
    assert spec is not None
    assert isinstance(spec.loader, SourceFileLoader)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.found == 1
    assert [path.name.partition(".")[0] for path in (tmp_path / "kept").rglob("*.pyc")] == ["here"]


def test_a_package_is_found_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__init__.py").touch()
    spec = BytecodeFinder().find_spec(f"{PACKAGE}.folder", [str(tmp_path)])
    assert spec is not None
    assert spec.submodule_search_locations == [str(tmp_path / "folder")]


@pytest.mark.parametrize(
    "name",
    [
        PACKAGE,
        f"{PACKAGE}s.here",
        f"{PACKAGE}.absent",
        f"{PACKAGE}.empty",
        "ansible_collections.amazon.aws.plugins.module_utils.here",
        "ansible_collections.fastbreak.aws.plugins.modules.here",
        "here",
    ],
)
def test_all_else_is_left_to_others(tmp_path: Path, name: str) -> None:
    (tmp_path / "here.py").touch()
    (tmp_path / "empty").mkdir()
    assert BytecodeFinder().find_spec(name, [str(tmp_path)]) is None
    assert BytecodeFinder().find_spec(name, None) is None


@pytest.mark.parametrize("failure", [None, ImportError])
def test_it_is_asked_before_all_others_and_leaves_no_trace(failure: type[Exception] | None) -> None:
    before = sys.meta_path.copy()
    with pytest.raises(failure) if failure else nullcontext(), kept_bytecode():
        assert isinstance(sys.meta_path[0], BytecodeFinder)
        assert sys.meta_path[1:] == before
        if failure:
            raise failure
    assert sys.meta_path == before


@pytest.mark.parametrize("action", ACTIONS, ids=lambda path: path.stem)
def test_an_action_imports_the_collection_within_it(action: Path) -> None:
    module = ast.parse(action.read_text(encoding="utf-8"))
    first = [node.module for node in module.body if isinstance(node, ast.ImportFrom) and node.level]
    assert first == ["plugin_utils._bytecode"]
    assert [ast.unparse(node.items[0]) for node in module.body if isinstance(node, ast.With)] == ["kept_bytecode()"]
