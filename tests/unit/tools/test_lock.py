# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks are held against what their requirements give. `make lint` does so with the real uv; here it is a script."""

from pathlib import Path

import pytest

from tools import lock
from tools.files import ROOT
from tools.lock import Lock, compile_lock, difference

LOCK = Lock("service", "a.in", "a.lock", excluded="excluded.txt")
LAST = 'for word; do out=$last; last=$word; done\necho "$PWD $*" >>"$CALLS"\n'
"""The file after --output-file is the last word but one."""


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(lock, "ROOT", tmp_path)
    monkeypatch.setattr(lock, "uv_environment", dict)
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    (tmp_path / "service").mkdir()
    (tmp_path / "service" / "a.lock").write_text("ruff==1\nuv==1\n")
    return tmp_path


def uv(clone: Path, script: str) -> Path:
    program = clone / "uv"
    program.write_text(f"#!/bin/sh\n{LAST}{script}\n")
    program.chmod(0o755)
    return program


def calls(clone: Path) -> list[str]:
    return (clone / "calls").read_text().splitlines()


def test_a_lock_that_comes_out_the_same_is_good(clone: Path) -> None:
    assert difference(uv(clone, "exit 0"), LOCK) is None
    assert calls(clone)[0].startswith(f"{clone}/service pip compile --universal")
    assert "--excludes excluded.txt --output-file" in calls(clone)[0]


def test_what_would_come_back_is_named_and_the_lock_stays(clone: Path) -> None:
    told = difference(uv(clone, 'echo openvino-telemetry==1 >>"$out"'), LOCK)
    assert told is not None
    assert "service/a.lock is not what `make lock` gives:\n  + openvino-telemetry==1" in told
    assert (clone / "service" / "a.lock").read_text() == "ruff==1\nuv==1\n"


def test_what_would_go_is_named(clone: Path) -> None:
    assert "  - uv==1" in str(difference(uv(clone, 'echo ruff==1 >"$out"'), LOCK))


def test_another_order_is_a_difference(clone: Path) -> None:
    assert "order" in str(difference(uv(clone, 'printf "uv==1\\nruff==1\\n" >"$out"'), LOCK))


def test_an_index_that_fails_is_asked_again_and_then_named(clone: Path) -> None:
    told = compile_lock(uv(clone, "echo no route to the index >&2; exit 2"), LOCK, clone / "b.lock")
    assert told == "Making service/a.lock failed (exit 2): no route to the index"
    assert len(calls(clone)) == lock.TRIES


def test_every_lock_has_its_requirements_beside_it() -> None:
    for made in lock.LOCKS:
        assert (ROOT / made.folder / made.source).is_file()
        assert (ROOT / made.path).is_file()
        assert not made.excluded or (ROOT / made.folder / made.excluded).is_file()
