# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task answers, whatever its work does."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils import _errors
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Context, answer
from ansible_collections.fastbreak.aws.plugins.module_utils._common.progress import Silence

OURS = [
    error for error in vars(_errors).values() if isinstance(error, type) and issubclass(error, _errors.FastbreakError)
]


def test_the_result_of_the_work_is_the_answer() -> None:
    assert answer(lambda: {"changed": True}) == {"changed": True}


@pytest.mark.parametrize("kind", OURS)
def test_each_of_our_errors_is_a_failed_task_with_its_facts(kind: type[_errors.FastbreakError]) -> None:
    def work() -> dict[str, Any]:
        raise kind("Tried this, saw that. Do so.", last={"status": "BUSY"})

    assert answer(work) == {"failed": True, "msg": "Tried this, saw that. Do so.", "last": {"status": "BUSY"}}


@pytest.mark.parametrize("length", [100, 10_000, 10_001, 1_000_000])
def test_a_message_keeps_both_ends_of_what_is_too_long_to_be_read(length: int) -> None:
    def work() -> dict[str, Any]:
        raise _errors.OperationError(f"Tried {'x' * (length - 15)} Do this.")

    msg = answer(work)["msg"]
    assert (msg[:6], msg[-9:]) == ("Tried ", " Do this.")
    assert len(msg) == length if length <= 10_000 else len(msg) < 10_100
    assert ("characters left out" in msg) is (length > 10_000)


def test_facts_never_hide_that_a_task_failed() -> None:
    def work() -> dict[str, Any]:
        raise _errors.OperationError("It failed.", failed=False, msg="all is well")

    assert answer(work) == {"failed": True, "msg": "It failed."}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_task_with_what_to_do_next(number: signal.Signals) -> None:
    def work() -> dict[str, Any]:
        signal.raise_signal(number)
        return {"changed": False}

    answered = answer(work)
    assert answered["failed"]
    assert "run it again" in answered["msg"]


@pytest.mark.parametrize(
    "fault", [KeyError("Subnet"), ValueError("x"), RecursionError(), MemoryError(), OSError(5, "io")]
)
def test_a_fault_of_ours_is_told_as_one_and_never_as_a_bare_exception(fault: Exception) -> None:
    def work() -> dict[str, Any]:
        raise fault

    answered = answer(work)
    assert answered["failed"]
    assert answered["msg"].startswith("This is a fault of the collection fastbreak.aws")
    assert f"{type(fault).__name__}: {fault} (" in answered["msg"]
    assert "test_entry.py, line " in answered["msg"]
    assert "report it" in answered["msg"]
    assert "Traceback" not in answered["msg"]
    assert "Traceback" in answered["exception"]


def test_a_client_is_made_when_it_is_first_needed() -> None:
    made: list[str] = []
    client = Context(made.append, SystemClock(), Silence(), check_mode=False).client("ecs")
    assert made == []
    client()
    assert made == ["ecs"]
