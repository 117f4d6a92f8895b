# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs of the user's, really run: bounded in time and output, and without credentials."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.commands import Commands
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.instruments import AwsInstruments

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import CommandResult


def run(program: str, *words: str, seconds: float = 60.0, credentials: bool = False, **variables: str) -> CommandResult:
    command = (sys.executable, "-I", "-c", program, *words)
    return Commands().run(command, variables, seconds=seconds, pass_credentials=credentials)


def test_exit_code_and_output_of_both_streams_are_told() -> None:
    ran = run("import sys, os; print('out', flush=True); print(os.environ['X'], file=sys.stderr); sys.exit(3)", X="err")
    assert (ran.exit_code, ran.output, ran.problem) == (3, "out\nerr\n", "")


@pytest.mark.parametrize("given", [False, True])
def test_credentials_are_passed_only_when_they_are_given(monkeypatch: pytest.MonkeyPatch, given: bool) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
    ran = run("import os; print(sorted(os.environ.items()))", credentials=given)
    assert ("s3cret" in ran.output) is given
    assert "t0ken" not in ran.output
    assert ("'AWS_EC2_METADATA_DISABLED', 'true'" in ran.output) is not given


def test_only_the_end_of_endless_output_is_kept_and_its_writer_is_ended() -> None:
    ran = run("while True: print('x' * 1000)", seconds=1.0)
    assert ran.exit_code is None
    assert ran.problem == "had not ended after 1 s and was killed"
    assert 0 < len(ran.output) <= 16384


def is_free(lock: Path) -> bool:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_what_a_program_leaves_behind_is_ended_too(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    # What it leaves holds the lock before it says so, for as long as it lives.
    hold = f"import fcntl, time; file = open({str(lock)!r}, 'w'); fcntl.flock(file, fcntl.LOCK_EX)"
    child = f"{hold}; print('held', flush=True); time.sleep(600)"
    ran = run(
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-I', '-c', sys.argv[1]], stdout=-1); "
        "sys.stdout.buffer.write(p.stdout.readline())",
        child,
    )
    assert (ran.exit_code, ran.output) == (0, "held\n")
    deadline = time.monotonic() + 60
    while not is_free(lock) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert is_free(lock)


def test_those_that_run_are_ended_with_what_they_started(tmp_path: Path) -> None:
    lock, commands = tmp_path / "lock", Commands()
    hold = f"import fcntl, time; file = open({str(lock)!r}, 'w'); fcntl.flock(file, fcntl.LOCK_EX); time.sleep(600)"
    begin = f"import subprocess, sys; subprocess.run([sys.executable, '-I', '-c', {hold!r}])"
    command = (sys.executable, "-I", "-c", begin)
    with ThreadPoolExecutor(1) as pool:
        ran = pool.submit(commands.run, command, {}, seconds=300.0, pass_credentials=False)
        deadline = time.monotonic() + 60
        while is_free(lock) and time.monotonic() < deadline:
            time.sleep(0.05)
        commands.end()
        assert ran.result(60).exit_code == -9
    while not is_free(lock) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert is_free(lock)


@pytest.mark.parametrize("command", [("/nowhere/program",), ("a\0b",), ("/",)])
def test_what_is_no_program_could_not_be_started(command: tuple[str, ...]) -> None:
    ran = Commands().run(command, {}, seconds=1.0, pass_credentials=False)
    assert ran.exit_code is None
    assert ran.problem.startswith("could not be started: ")


def test_what_a_thread_comes_to_only_after_the_end_does_not_begin(tmp_path: Path) -> None:
    left, instruments = tmp_path / "left", AwsInstruments(lambda _service: None)
    command = (sys.executable, "-I", "-c", f"open({str(left)!r}, 'w')")
    begun = instruments.as_of_now()
    instruments.end_commands()
    ran = begun.run_command(command, {}, seconds=60.0, pass_credentials=False)
    assert (ran.exit_code, ran.problem) == (None, "was not started, as nobody waits for it any more")
    assert not left.exists()
    assert instruments.run_command(command, {}, seconds=60.0, pass_credentials=False).exit_code == 0
    assert left.exists()


def test_an_end_that_comes_while_a_program_is_started_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    commands, starting, popen = Commands(), threading.Event(), subprocess.Popen
    held: list[int] = []

    def slow(*given: Any, **options: Any) -> Any:
        starting.set()
        # Whoever ends it now waits for the lock, or comes too early.
        held.append(commands._lock.locked())
        time.sleep(0.05)
        return popen(*given, **options)

    monkeypatch.setattr(subprocess, "Popen", slow)
    with ThreadPoolExecutor(1) as pool:
        command = (sys.executable, "-I", "-c", "import time; time.sleep(600)")
        ran = pool.submit(commands.run, command, {}, seconds=300.0, pass_credentials=False)
        assert starting.wait(60)
        commands.end()
        assert ran.result(60).exit_code == -9
    assert held == [True]
