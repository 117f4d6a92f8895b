# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a killed run leaves behind for the next one."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.transfer.state import UploadStates

from tests.registries.faulty import FaultyRegistry
from tests.registries.images import make_blob
from tests.registries.sides import Sides, descriptor, transfer_between
from tests.unit.plugins.module_utils._common.fakes import FakeClock
from tests.unit.plugins.module_utils._oci.case import MIB, World, interrupted, nothing


@pytest.mark.parametrize(
    "damage",
    [
        {"offset": -1},
        {"offset": 10**12},
        {"offset": True},
        {"offset": "1"},
        {"upload": 5},
        {"upload": "file:///etc/passwd"},
        {"upload": "http://127.0.0.1:9/v2/c/d/blobs/uploads/x"},
        {"version": 99},
        {"size": 7},
    ],
)
def test_a_state_that_cannot_be_right_is_dropped(world: World, damage: dict[str, Any]) -> None:
    blob = interrupted(world)
    (state,) = world.folder.glob("*.json")
    state.write_text(json.dumps({**json.loads(state.read_text()), **damage}))
    assert world.copy(blob).resumed_at == 0
    assert world.has(blob)
    assert world.state_files == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 70000])
def test_a_garbled_state_is_dropped(world: World, content: bytes) -> None:
    blob = interrupted(world)
    (state,) = world.folder.glob("*.json")
    state.write_bytes(content)
    assert world.copy(blob).resumed_at == 0
    assert world.has(blob)


def test_two_runs_never_share_an_upload(world: World) -> None:
    blob = interrupted(world)
    (lock,) = world.folder.glob("*.lock")
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert world.copy(blob).resumed_at == 0
    assert world.has(blob)


def test_a_lock_that_is_replaced_without_end_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = interrupted(world)
    opened = 0
    take = fcntl.flock

    def replaced(descriptor: int, operation: int) -> None:
        nonlocal opened
        opened += 1
        assert opened < 1000
        take(descriptor, operation)
        for lock in world.folder.glob("*.lock"):
            lock.unlink()

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", replaced)
        assert world.copy(blob).resumed_at == 0
    assert world.has(blob)
    assert opened > 1


def test_a_state_that_another_run_removes_meanwhile_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "gone.json").symlink_to("nowhere")
    warnings: list[str] = []
    states = UploadStates(tmp_path, warnings.append, FakeClock())
    lstat = Path.lstat

    def gone(path: Path) -> os.stat_result:
        path.unlink(missing_ok=True)
        return lstat(path)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "lstat", lambda path: gone(path) if path.suffix == ".json" else lstat(path))
        states.claim("http://a", "b", "c", 1).release()
    assert warnings == []


def test_a_user_without_a_home_copies_without_state(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    warnings: list[str] = []
    claim = UploadStates(None, warnings.append, FakeClock()).claim("http://a", "b", "c", 1)
    claim.save("http://a/upload", 1)
    assert claim.read() is None
    assert "set state_directory" in warnings[0]


def test_old_states_are_swept_away(world: World) -> None:
    interrupted(world)
    (state,) = world.folder.glob("*.json")
    os.utime(state, (1, 1))
    world.copy(world.hold(2 * MIB + 1))
    assert world.state_files == []


def test_without_a_folder_for_state_the_copy_goes_on_and_says_so_once(world: World) -> None:
    world.folder.write_text("a file is in the way")
    for size in (2 * MIB, 3 * MIB):
        blob = world.hold(size)
        world.copy(blob)
        assert world.has(blob)
    assert len(world.warnings) == 2  # one for each run
    assert "state_directory" in world.warnings[0]


def test_a_state_folder_that_vanishes_stopsnothing(plain: FaultyRegistry, sides: Sides, tmp_path: Path) -> None:
    blob = make_blob(3 * MIB)
    plain.push_blob("a/b", b"".join(blob.pieces()))
    warnings: list[str] = []
    with FaultyRegistry() as destination:
        destination.fault(
            "PATCH", "/uploads/", times=None, hook=lambda _request: shutil.rmtree(tmp_path / "state", True)
        )
        made = transfer_between(
            sides.connect(plain), sides.connect(destination), tmp_path / "state", warn=warnings.append
        )
        made.copy_blob("a/b", descriptor(blob), "c/d", nothing)
        assert ("c/d", blob.digest) in destination.store.blobs
    assert len(warnings) == 1
    assert "begin again" in warnings[0]
