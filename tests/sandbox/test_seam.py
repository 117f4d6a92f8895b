# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The seam to MiniStack: only declared names are touched, and another MiniStack is told by a list of what differs."""

import ast
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import ministack, seam
from sandbox.errors import SandboxError
from sandbox.seam import Difference, Module, replaced, used
from tests.sandbox.conftest import command
from tools.venvs import ensure_uv, turns

ROOT = Path(__file__).resolve().parents[2]
SANDBOX = ROOT / "sandbox"
SOURCES = sorted(SANDBOX.rglob("*.py"))
OLDER = ROOT / "tests" / "sandbox" / "ministack-1.5.32.txt"
PATHS = {door: seam.declarations(module)[0] for door, module in vars(ministack).items() if isinstance(module, Module)}
NAMES = {
    (path, name.name): name.use
    for module in ministack.MODULES
    for path, names in [seam.declarations(module)]
    for name in names
}

# Imports the MiniStack that PYTHONPATH puts first.
CHECK = """
import ministack
print(ministack.__file__)
from sandbox import ministack, seam
print(*seam.differences(ministack.MODULES), sep="\\n")
"""


def touched() -> Iterator[tuple[str, str, bool]]:
    """Each name of MiniStack that the sandbox's source touches: module, name, and whether it is written."""
    for source in SOURCES:
        tree = ast.parse(source.read_text())
        doors = {
            alias.asname or alias.name: PATHS[alias.name]
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "sandbox.ministack"
            for alias in node.names
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute):
                continue
            if isinstance(node.value, ast.Name) and node.value.id in doors:
                yield doors[node.value.id], node.attr, isinstance(node.ctx, ast.Store)
            elif ast.unparse(node.value) in {f"ministack.{door}" for door in PATHS}:
                yield PATHS[node.value.attr], node.attr, isinstance(node.ctx, ast.Store)  # type: ignore[attr-defined]


def test_every_declared_module_is_checked() -> None:
    assert sorted(seam.declarations(module)[0] for module in ministack.MODULES) == sorted(PATHS.values())


def test_what_is_declared_is_what_is_touched() -> None:
    assert {(module, name) for module, name, _ in touched()} == NAMES.keys()


def test_what_is_declared_as_replaced_is_what_is_written() -> None:
    written = {(module, name) for module, name, is_written in touched() if is_written}
    assert written == {name for name, use in NAMES.items() if use is seam.Use.REPLACED}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(SANDBOX)))
def test_nothing_imports_ministack_but_through_the_seam(source: Path) -> None:
    imported = [
        name
        for node in ast.walk(ast.parse(source.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    ]
    assert [name for name in imported if name.partition(".")[0] == "ministack"] == []


def private_keys(tree: ast.AST) -> Iterator[str]:
    """The keys with an underscore in front that are read or written of any dictionary."""
    for node in ast.walk(tree):
        keys: list[ast.expr | None] = []
        if isinstance(node, ast.Subscript):
            keys = [node.slice]
        elif isinstance(node, ast.Dict):
            keys = node.keys
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            keys = node.args[:1] if node.func.attr in {"get", "pop", "setdefault"} else []
            yield from (word.arg for word in node.keywords if word.arg and word.arg.startswith("_"))
        for key in keys:
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value.startswith("_"):
                yield key.value


def test_no_state_of_ours_is_kept_in_records_of_ministack() -> None:
    """Private keys that the sandbox touches are declared as MiniStack's; what its records lack lies in side tables."""
    services = [source for source in SOURCES if source.is_relative_to(SANDBOX / "services")]
    used_keys = {key for source in services for key in private_keys(ast.parse(source.read_text()))}
    assert used_keys == {key for module in ministack.MODULES for key in seam.record_keys(module)}


def test_no_name_of_ministack_is_hidden_by_the_seams_own() -> None:
    assert [key for key in NAMES if key[1] in vars(ministack.ecs)] == []


def test_a_key_that_ministack_no_longer_writes_is_told() -> None:
    (found,) = seam.differences([Module("ministack.services.ecs", keys="_docker_ids _nonesuch")])
    assert str(found).startswith("ministack.services.ecs: record['_nonesuch']: expected a key that it names")


def test_an_undeclared_name_cannot_be_touched() -> None:
    with pytest.raises(AttributeError, match=r"ministack\.services\.ecs\._nonesuch is not declared"):
        _ = ministack.ecs._nonesuch
    with pytest.raises(AttributeError, match=r"ministack\.services\.ecs\._nonesuch is not declared"):
        ministack.ecs._nonesuch = None
    with pytest.raises(AttributeError, match=r"ministack\.services\.ecs\._tasks is declared as read"):
        ministack.ecs._tasks = {}


def test_the_locked_version_is_as_declared() -> None:
    assert seam.differences(ministack.MODULES) == []


@pytest.fixture(scope="session")
def older() -> Path:
    """A folder with the release before the locked one, downloaded once a clone."""
    folder = ROOT / ".cache" / OLDER.stem
    with turns(OLDER.stem):
        if not folder.exists():
            staged = folder.with_suffix(".new")
            # It would be compiled for the folder that it is moved from.
            options = ["--quiet", "--no-compile", "--no-deps", "--require-hashes", f"--target={staged}"]
            subprocess.run([ensure_uv() / "python", "-m", "pip", "install", *options, f"-r{OLDER}"], check=True)
            staged.rename(folder)
    return folder


def test_another_version_is_told_by_what_differs(older: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", CHECK],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(older)},
        capture_output=True,
        text=True,
        check=True,
    )
    [imported, *listed] = told.stdout.splitlines()
    assert imported == str(older / "ministack" / "__init__.py")
    common = "async (lb, method, path, headers, body, query_params, port=80, client_ip=None"
    expected, found = f"{common}, raw_query_string=None, raw_path=None)", f"{common})"
    edge = "ministack.services.cloudfront._add_cloudfront_headers: expected (headers, x_cache, request_id=None"
    assert listed == [
        f"ministack.services.alb.dispatch_request: expected {expected}, found {found}",
        f"{edge}, edge_server=True), found (headers, x_cache, request_id=None)",
    ]


def test_a_sandbox_does_not_start_on_another_version(older: Path) -> None:
    name = f"seam-{uuid.uuid4().hex[:8]}"
    try:
        refused = command("up", name=name, PYTHONPATH=str(older))
        assert refused.returncode == 1
        assert "It differs in\n  ministack.services.alb.dispatch_request: expected async (" in refused.stderr
        assert command("status", name=name).returncode == 3
    finally:
        assert command("down", name=name).returncode == 0


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module in which everything is otherwise than the tests declare."""
    source = """
        from collections import UserDict

        ACTIONS = {"DescribeThings": None}
        LIMIT = 5

        class Store(UserDict):
            pass

        def handle(action, data, *, dry=False):
            pass

        async def serve(scope):
            pass
    """
    name = f"emulator_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text("\n".join(line.removeprefix("        ") for line in source.splitlines()))
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_everything_that_differs_is_listed_at_once(emulator: str) -> None:
    modules = [
        Module("emulator_that_moved", used("gone", "()")),
        Module(
            emulator,
            used("ACTIONS", "dict", "CreateThing DescribeThings"),
            used("LIMIT", "str"),
            used("removed", "()"),
            used("Store", "class", "get all_items"),
            replaced("handle", "(action, data)"),
            replaced("serve", "(scope)"),
        ),
    ]
    assert seam.differences(modules) == [
        Difference(f"{emulator}.ACTIONS['CreateThing']", "an entry", "nothing"),
        Difference(f"{emulator}.LIMIT", "str", "int"),
        Difference(f"{emulator}.Store['all_items']", "an entry", "nothing"),
        Difference(f"{emulator}.handle", "(action, data)", "(action, data, *, dry=False)"),
        Difference(f"{emulator}.removed", "()", "nothing"),
        Difference(f"{emulator}.serve", "(scope)", "async (scope)"),
        Difference("emulator_that_moved", "a module", "nothing (No module named 'emulator_that_moved')"),
    ]
    with pytest.raises(SandboxError) as refusal:
        seam.require(modules)
    assert str(refusal.value).count("expected") == 7
    assert f"  {emulator}.removed: expected (), found nothing\n" in str(refusal.value)


def test_what_is_as_declared_passes(emulator: str) -> None:
    seam.require([
        Module(
            emulator,
            used("ACTIONS", "dict", "DescribeThings"),
            used("LIMIT", "int"),
            used("Store", "class", "get"),
            replaced("handle", "(action, data, *, dry=False)"),
            replaced("serve", "async (scope)"),
        )
    ])  # fmt: skip
