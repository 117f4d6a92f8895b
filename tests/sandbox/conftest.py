# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A sandbox of the tests' own: started on a free port, with boto3 clients for each account, removed at the end."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox import ACCOUNTS, state
from tests.sandbox.balancer import Balancer
from tests.sandbox.target import Target

ROOT = Path(__file__).resolve().parents[2]
TIME_SCALE = "10"
"""Contract tests run AWS's waits ten times as fast; the sandbox of the demo and of `make test` does not."""


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that serves, and what tests need of it."""

    name: str
    state: state.State

    def client(self, service: str, account: str = "dev", *, access_key: str = "", session_token: str = "") -> Any:
        """A boto3 client of `service` for `account` ("dev" or "prod"), or with other credentials; it does not retry."""
        return boto3.client(
            service,
            region_name=self.state.region,
            endpoint_url=self.state.endpoint_url,
            aws_access_key_id=access_key or ACCOUNTS[account],
            aws_secret_access_key="sandbox",
            aws_session_token=session_token or None,
            config=Config(retries={"max_attempts": 0}),
        )

    def reset(self) -> None:
        """Forget all resources and remove all containers."""
        assert command("reset", name=self.name).returncode == 0


def command(*arguments: str, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m sandbox` as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments, f"--name={name}"],
        cwd=ROOT,
        env={**os.environ, "SANDBOX_TIME_SCALE": TIME_SCALE, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    """One sandbox for the whole session (and for each pytest-xdist worker): give resources names of your own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    started = command("up", name=name)
    try:
        assert started.returncode == 0, started.stderr
        known = state.read_state(state.home_of(name))
        assert known is not None
        yield RunningSandbox(name, known)
    finally:
        ended = command("down", name=name)
        assert ended.returncode == 0, ended.stderr


@pytest.fixture
def balancer(sandbox: RunningSandbox) -> Iterator[Balancer]:
    """A load balancer of the dev account, removed at the end."""
    made = Balancer(sandbox.client("elbv2"))
    yield made
    made.remove()


@pytest.fixture
def target() -> Iterator[Target]:
    """A real HTTP server to stand behind a load balancer."""
    with Target() as made:
        yield made
