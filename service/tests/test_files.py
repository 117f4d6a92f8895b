# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which files a process that decodes can still reach."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from fastbreak_service.worker import files

if TYPE_CHECKING:
    from pathlib import Path

_TRY = """
import json, os, sys
from pathlib import Path
from fastbreak_service.worker.files import Files, keep_only

folder = Path(sys.argv[1])
sys.pycache_prefix = str(folder / "compiled")
def reached(attempt):
    try:
        attempt()
    except PermissionError:
        return False
    return True

kept = keep_only(Files(read=(folder / "video",), work=folder / "work"))
print(json.dumps({
    "kept": kept,
    "allowed": {
        "the video": reached((folder / "video").read_bytes),
        "a video in the folder": reached((folder / "work" / "known").read_bytes),
        "measures": reached(lambda: (folder / "work" / "measures").write_text("x")),
        "measures again": reached(lambda: (folder / "work" / "measures").write_text("y")),
        "compiled code": reached((folder / "compiled" / "code").read_bytes),
        "a library": reached(lambda: __import__("sqlite3")),
        "processors": reached(lambda: open("/proc/cpuinfo").read(1)),
    },
    "refused": {
        "writing over compiled code": reached(lambda: (folder / "compiled" / "code").write_text("x")),
        "names in the folder": reached(lambda: os.listdir(folder / "work")),
        "removing": reached((folder / "work" / "known").unlink),
        "renaming": reached(lambda: os.rename(folder / "work" / "known", folder / "work" / "other")),
        "a folder": reached((folder / "work" / "new").mkdir),
        "writing over the video": reached(lambda: (folder / "video").write_text("x")),
        "another video": reached((folder / "other").read_bytes),
        "another folder": reached(lambda: (folder / "made").write_text("x")),
        "users": reached(lambda: open("/etc/passwd").read(1)),
        "the server's environment": reached(lambda: open(f"/proc/{os.getppid()}/environ").read(1)),
        "the server's files": reached(lambda: os.listdir(f"/proc/{os.getppid()}/fd")),
        "the server's program": reached(lambda: open(f"/proc/{os.getppid()}/cmdline").read(1)),
    },
}))
"""


@pytest.fixture
def seen(tmp_path: Path) -> dict[str, object]:
    """What a confined process reached."""
    for name in ("work", "compiled"):
        (tmp_path / name).mkdir()
    for name in ("video", "other", "work/known", "compiled/code"):
        (tmp_path / name).write_text("x")
    command = [sys.executable, "-c", _TRY, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(
    files.version() < 1, reason="declared: this kernel has no Landlock, which the service can do without"
)
def test_only_what_decoding_needs_can_be_reached(seen: dict[str, dict[str, bool]]) -> None:
    assert seen["kept"]
    assert set(seen["allowed"].values()) == {True}, seen["allowed"]
    assert set(seen["refused"].values()) == {False}, seen["refused"]


def test_without_landlock_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "version", lambda: -1)
    assert not files.keep_only(files.Files())
