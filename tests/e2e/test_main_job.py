"""The main job as a newcomer runs it: killed midway, run again, and once more when nothing is left to do."""

import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KILLED_AT = "c. Provision dev"


@dataclass(frozen=True)
class Run:
    code: int
    text: str

    def step(self, letter: str) -> str:
        """What one step printed."""
        found = re.search(
            rf"^\[\d\d:\d\d\] {letter}\. .*?(?=^\[\d\d:\d\d\]|\nDone in|\Z)", self.text, re.MULTILINE | re.DOTALL
        )
        assert found, f"no step {letter} in:\n{self.text}"
        return found[0]


def _demo(name: str, *, kill_at: str | None = None) -> Run:
    """Run the demo to its end, or kill it with all it started once a step is announced."""
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "up", "--name", name],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if kill_at and kill_at in "".join(lines) and "CREATE" in line:
            os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    return Run(process.wait(), "".join(lines))


@pytest.fixture(scope="module")
def sandbox_name() -> Iterator[str]:
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    yield name
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "down", "--name", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def killed(sandbox_name: str) -> Run:
    return _demo(sandbox_name, kill_at=KILLED_AT)


@pytest.fixture(scope="module")
def first(sandbox_name: str, killed: Run) -> Run:
    return _demo(sandbox_name)


@pytest.fixture(scope="module")
def second(sandbox_name: str, first: Run) -> Run:
    return _demo(sandbox_name)


def test_it_was_killed_while_it_provisioned(killed: Run) -> None:
    assert killed.code == -signal.SIGKILL
    assert "d. Build" not in killed.text


def test_after_a_kill_the_same_command_goes_through(first: Run) -> None:
    assert first.code == 0, first.text


def test_real_footage_is_analysed_and_kept_in_the_database(first: Run) -> None:
    step = first.step("f")
    persons = re.search(r"(\d+) frames of 1768x994 .*, (\d+) person", step)
    assert persons, step
    assert int(persons[1]) == 230
    assert int(persons[2]) >= 1
    rows = re.search(r"in the RDS Postgres: 1 analyses, (\d+) persons, (\d+) measures", step)
    assert rows, step
    assert rows[1] == persons[2]
    assert int(rows[2]) > 230


def test_the_good_release_drops_no_request_and_the_bad_one_is_told_honestly(first: Run) -> None:
    assert re.search(r"\d+ user requests in \d+ s, 0 failed", first.step("e")), first.step("e")
    refused = first.step("g")
    assert "refused and rolled back" in refused
    assert re.search(r"user requests in \d+ s, [1-9]\d* failed \(.*500", refused), refused


def test_the_second_run_changes_nothing_and_refuses_again(second: Run) -> None:
    assert second.code == 0, second.text
    assert "changed=0\n" in second.step("c")
    assert "changed=0;" in second.step("e")
    assert "refused and rolled back" in second.step("g")
