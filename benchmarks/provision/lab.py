# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sandbox of a benchmark's own, and its dev account."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from benchmarks.errors import BenchmarkError
from sandbox import ACCOUNTS, state
from tools.files import ROOT

PREFIX = "fastbreak-dev-"
BOOTSTRAP = f"{PREFIX}bootstrap"


@contextmanager
def sandbox(name: str, **settings: str) -> Iterator[dict[str, str]]:
    """Yields the environment that points to its dev account; *settings* are variables of the sandbox's own."""
    subprocess.run([sys.executable, "-m", "tools.engine", "ensure"], cwd=ROOT, check=True, stdout=sys.stderr)
    try:
        _sandbox("up", name, **settings)
        known = state.read_state(state.home_of(name))
        if known is None:
            raise BenchmarkError("The sandbox did not come up; python -m sandbox logs says why.")
        where = environment(known.endpoint_url)
        bootstrap(where)
        yield where
    finally:
        _sandbox("down", name)


def reset(name: str, where: Mapping[str, str]) -> None:
    """Have the sandbox forget everything but what an administrator made."""
    _sandbox("reset", name)
    bootstrap(where)


def bootstrap(where: Mapping[str, str]) -> None:
    """Make what an administrator makes once for each account."""
    program = Path(sys.executable).with_name("ansible-playbook")
    command = [str(program), "-i", "inventories/dev", "playbooks/bootstrap.yml"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **where}, check=True, stdout=sys.stderr)


def environment(endpoint: str) -> dict[str, str]:
    """What points programs to the dev account behind *endpoint*."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNTS["dev"],
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "ANSIBLE_NOCOLOR": "1",
        "CI": "true",
    }


def client(service: str, where: Mapping[str, str]) -> Any:
    """A client of the account that *where* points to."""
    connect: Any = boto3.client
    return connect(
        service,
        region_name="us-east-1",
        endpoint_url=where["AWS_ENDPOINT_URL"],
        aws_access_key_id=where["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=where["AWS_SECRET_ACCESS_KEY"],
    )


def stacks(where: Mapping[str, str]) -> dict[str, Any]:
    """Each component's stack, as CloudFormation describes it, in the order in which they were made."""
    found = client("cloudformation", where).describe_stacks()["Stacks"]
    ours = [stack for stack in found if stack["StackName"].startswith(PREFIX) and stack["StackName"] != BOOTSTRAP]
    return {
        stack["StackName"].removeprefix(PREFIX): stack
        for stack in sorted(ours, key=lambda stack: stack["CreationTime"])
    }


def _sandbox(command: str, name: str, **settings: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "sandbox", command, "--name", name],
        cwd=ROOT,
        env={**os.environ, **settings},
        # What could not be ended is told by itself, and hides no failure that came before.
        check=command != "down",
        stdout=sys.stderr,
    )
