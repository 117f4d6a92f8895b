# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The main job, run once for all tests: killed on its way through dev, and run again to its end."""

import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from demo import roles
from demo.labels import label_of
from demo.platform import Platform

ROOT = Path(__file__).resolve().parents[2]
KILLED_AT = "f. Analyse real footage"


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
    """Run the demo to its end, or kill it with all it started as soon as a step is announced.

    dev replaces its tasks one by one, and meets the bad release by another strategy: a living service's may change.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "up", "--name", name, "--bad-by", "BLUE_GREEN"],
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
        if kill_at and kill_at in line:
            os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    return Run(process.wait(), "".join(lines))


def environment_of(environment: str, sandbox_name: str) -> dict[str, str]:
    """The variables that lead to an environment's account."""
    output = subprocess.run(
        [sys.executable, "-m", "sandbox", "env", environment, "--name", sandbox_name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return dict(re.findall(r"^export (\w+)=['\"]?(.*?)['\"]?$", output, re.MULTILINE))


@pytest.fixture(scope="session")
def sandbox_name() -> Iterator[str]:
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    yield name
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "down", "--name", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    # Not by `demo down`, which may end the engine that other tests use.
    engine = docker.from_env()
    for image in engine.images.list(filters={"label": label_of(name)}):
        engine.images.remove(str(image.id), force=True)
    engine.close()
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="session")
def killed(sandbox_name: str) -> Run:
    return _demo(sandbox_name, kill_at=KILLED_AT)


@pytest.fixture(scope="session")
def finished(sandbox_name: str, killed: Run) -> Run:
    return _demo(sandbox_name)


def run_playbook(
    environment: str, sandbox_name: str, playbook: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a playbook to its end as its own role."""
    variables = environment_of(environment, sandbox_name)
    session = roles.credentials(Platform.connect(environment, variables).client("sts"), environment, playbook)
    return subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", f"inventories/{environment}", playbook, *arguments],
        cwd=ROOT,
        env={**os.environ, **variables, **session},
        capture_output=True,
        text=True,
        check=False,
    )
