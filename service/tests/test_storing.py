# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A storage that hangs is told to whoever waits for it, and to nobody else."""

from __future__ import annotations

import ast
import asyncio
import threading
from pathlib import Path

import pytest

import fastbreak_service
from fastbreak_service.api import storing
from fastbreak_service.api.errors import ApiError
from fastbreak_service.footage.ports import FootageError, FootageMissingError


def test_who_waits_for_a_storage_that_hangs_is_told_and_nobody_else_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "_CALLER_SECONDS", 0.1)
    let_go, asked = threading.Event(), []

    def hang(number: int) -> None:
        asked.append(number)
        let_go.wait()

    async def run() -> None:
        answers = await asyncio.gather(
            *(storing.ask_storage("Away.", hang, number) for number in range(40)), return_exceptions=True
        )
        assert {getattr(answer, "code", answer) for answer in answers} == {"storage_unavailable"}
        assert len({id(answer) for answer in answers}) == 40
        assert await asyncio.to_thread(lambda: "the database") == "the database"
        assert await storing.move(lambda: "an upload") == "an upload"

    try:
        asyncio.run(run())
    finally:
        let_go.set()
    # Who was told meanwhile is not asked about any more.
    assert sorted(asked) == [0, 1, 2]
    assert asyncio.run(storing.ask_storage("Away.", lambda: 7)) == 7


@pytest.mark.parametrize(("said", "heard"), [(FootageError("x"), ApiError), (FootageMissingError("x"), None)])
def test_what_a_storage_says_is_heard(said: Exception, heard: type[Exception] | None) -> None:
    def ask() -> None:
        raise said

    with pytest.raises(heard or type(said)):
        asyncio.run(storing.ask_storage("Away.", ask))


def test_no_error_is_made_before_it_happens() -> None:
    """One that is raised again and again holds the frames, and with them the requests, of every time before."""
    package = Path(str(fastbreak_service.__file__)).parent
    for path in package.rglob("*.py"):
        for made in ast.parse(path.read_text(encoding="utf-8")).body:
            value = getattr(made, "value", None)
            if isinstance(made, ast.Assign | ast.AnnAssign) and isinstance(value, ast.Call):
                assert not ast.unparse(value.func).endswith("Error"), f"{path.name}: {ast.unparse(made)[:80]}"
