# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of `ansible-playbook` that are killed or interrupted midway, and the same command again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.rollout.platform import Platform

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")


class Run:
    """`ansible-playbook` with one `ecs_rollout` task."""

    def __init__(self, platform: Platform, directory: Path, version: str, **other: Any) -> None:
        task = {"name": "Roll out", "fastbreak.aws.ecs_rollout": platform.options(version, **other)}
        play = {"name": "Roll out", "hosts": "localhost", "gather_facts": False, "tasks": [task]}
        path = directory / "play.json"
        path.write_text(json.dumps([play]))
        self._output = directory / f"output-{time.monotonic_ns()}"
        with self._output.open("w") as output:
            self._process = subprocess.Popen(
                [PLAYBOOK, "-i", "localhost,", "-c", "local", path],
                cwd=ROOT,
                env={**os.environ, **platform.deployer},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def until(self, text: str, seconds: float = 300.0) -> None:
        """Wait until *text* was shown."""
        end = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < end, f"{text!r} was not shown: {self.output}"
            assert self._process.poll() is None, f"it ended before it showed {text!r}: {self.output}"
            time.sleep(0.1)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to `ansible-playbook` alone, as an impatient user or a dying machine does."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """The exit code."""
        return self._process.wait(timeout=600)


def test_progress_is_shown_while_it_works(platform: Platform, tmp_path: Path) -> None:
    platform.push("1.0.0")
    run = Run(platform, tmp_path, "1.0.0")
    run.until("deployment is IN_PROGRESS")
    assert run.wait() == 0, run.output
    assert "gate target_health is HEALTHY" in run.output
    assert "changed=1" in run.output
    again = Run(platform, tmp_path, "1.0.0")
    assert again.wait() == 0, again.output
    assert "changed=0" in again.output


def test_killed_run_is_gone_on_with(platform: Platform, tmp_path: Path) -> None:
    platform.push("1.0.0")
    platform.roll_out("1.0.0")
    tag = platform.push("1.1.0", READY_AFTER_SECONDS=4)
    run = Run(platform, tmp_path, "1.1.0")
    run.until("deployment is IN_PROGRESS")
    run.send(signal.SIGKILL)
    run.wait()
    assert platform.records()[-1]["outcome"] == "IN_PROGRESS"
    time.sleep(2.0)
    again = Run(platform, tmp_path, "1.1.0")
    assert again.wait() == 0, again.output
    assert "was interrupted; going on with it" in again.output
    assert [record["outcome"] for record in platform.records()] == ["SUCCEEDED", "SUCCEEDED"]
    assert set(platform.answers()) == {(200, tag)}


def test_killed_run_of_an_unfit_release_is_rolled_back_by_the_next(platform: Platform, tmp_path: Path) -> None:
    good = platform.push("1.0.0")
    platform.roll_out("1.0.0")
    platform.push("1.1.0", READY_AFTER_SECONDS=4, ROUTE_STATUS=500)
    run = Run(platform, tmp_path, "1.1.0")
    run.until("deployment is IN_PROGRESS")
    run.send(signal.SIGKILL)
    run.wait()
    time.sleep(10.0)
    again = Run(platform, tmp_path, "1.1.0")
    assert again.wait() == 2, again.output
    assert "was rolled back" in again.output
    assert [record["outcome"] for record in platform.records()] == ["SUCCEEDED", "ROLLED_BACK"]
    assert set(platform.answers()) == {(200, good)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_says_what_it_leaves(platform: Platform, tmp_path: Path, number: signal.Signals) -> None:
    platform.push("1.0.0")
    platform.roll_out("1.0.0")
    platform.push("1.1.0", READY_AFTER_SECONDS=6)
    run = Run(platform, tmp_path, "1.1.0")
    run.until("if this run is interrupted now, release 1.1.0")
    run.send(number)
    assert run.wait() != 0
    assert "continues in ECS, guarded by its circuit breaker" in run.output, run.output
    # Of a run that ends by SIGTERM only what was said beforehand is shown.
    said_last = run.output.partition("User interrupted execution")[2]
    assert number == signal.SIGTERM or "was interrupted: release 1.1.0" in said_last, run.output
    time.sleep(3.0)
    again = Run(platform, tmp_path, "1.1.0")
    assert again.wait() == 0, again.output
    assert platform.records()[-1]["outcome"] == "SUCCEEDED"


def test_two_playbooks_at_once(platform: Platform, tmp_path: Path) -> None:
    platform.push("1.0.0")
    platform.roll_out("1.0.0")
    platform.push("1.1.0", READY_AFTER_SECONDS=25)
    run = Run(platform, tmp_path, "1.1.0")
    run.until("releasing 1.1.0")
    other = Run(platform, tmp_path, "1.1.0")
    assert other.wait() == 2
    assert "is rolling it out now" in other.output
    assert run.wait() == 0, run.output
