# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that gates send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters import files

if TYPE_CHECKING:
    from pathlib import Path


def test_file_is_read_whole(tmp_path: Path) -> None:
    clip = tmp_path / "clip"
    clip.write_bytes(b"\x00\xff" * 10)
    assert (files.file_problem(str(clip)), files.read_file(str(clip))) == ("", b"\x00\xff" * 10)


def test_what_cannot_be_sent_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = tmp_path / "clip"
    clip.touch()
    assert files.file_problem(str(tmp_path)) == "is no file"
    assert files.file_problem(str(tmp_path / "x")) == "does not exist on this machine"
    assert files.file_problem(str(clip)).startswith("has 0 bytes")
    assert files.file_problem("a\0b") != ""
    clip.write_bytes(b"12345")
    monkeypatch.setattr(files, "_MOST_BYTES", 4)
    assert files.file_problem(str(clip)).startswith("has 5 bytes")
    with pytest.raises(OperationError, match=r"Tried to send file .*clip, but it has 5 bytes"):
        files.read_file(str(clip))
