# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file from which a job reads how a run ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.result_file import keep_result

if TYPE_CHECKING:
    from pathlib import Path


def interrupted() -> None:
    raise KeyboardInterrupt


def test_a_file_holds_it_however_the_run_ends(tmp_path: Path) -> None:
    file = tmp_path / "release.json"

    def read() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found

    def good() -> dict[str, Any]:
        assert read() == {"result": "in_progress"}
        return {"result": "accepted", "changed": True, "diff": {"before": {}, "after": {}}}

    assert keep_result(str(file), good)["diff"]
    assert read() == {"result": "accepted", "changed": True, "message": ""}

    def bad() -> dict[str, Any]:
        raise RolledBackError("it was rolled back", result="rolled_back", version="1.1.0")

    with pytest.raises(RolledBackError):
        keep_result(str(file), bad)
    assert read() == {"result": "rolled_back", "version": "1.1.0", "message": "it was rolled back"}
    with pytest.raises(KeyboardInterrupt):
        keep_result(str(file), lambda: interrupted() or {})
    assert read()["result"] == "interrupted"
    with pytest.raises(ZeroDivisionError):
        keep_result(str(file), lambda: {"result": 1 // 0})
    assert read()["result"] == "failed"
    assert keep_result("", lambda: {"result": "accepted"}) == {"result": "accepted"}


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"result_file .* Nothing was changed"):
        keep_result(str(tmp_path / "nowhere" / "release.json"), lambda: pytest.fail("it was done"))
