# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account is bootstrapped, in a sandbox that enforces IAM."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.authority import authority_path
from sandbox.state import home_of, read_state
from tests.integration.provision.conftest import Environment, sandbox_command

BOOTSTRAP = "playbooks/bootstrap.yml"


@pytest.fixture
def enforced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """The dev environment in an empty account, under `AUTH=true`."""
    name = f"roles-{os.getpid()}"
    monkeypatch.setenv("AUTH", "true")
    sandbox_command("up", "--name", name)
    try:
        known = read_state(home_of(name))
        assert known is not None
        yield Environment("dev", known.endpoint_url, known.accounts["dev"], authority_path(home_of(name)))
    finally:
        sandbox_command("down", "--name", name)


def test_an_account_is_bootstrapped_once(enforced: Environment) -> None:
    planned = enforced.run("--check", "--diff", playbook=BOOTSTRAP)
    assert (planned.code, planned.changed()["bootstrap"], enforced.stacks()) == (0, 1, {}), planned.text
    made = enforced.run(playbook=BOOTSTRAP)
    assert (made.code, made.changed()["bootstrap"]) == (0, 1), made.text
    again = enforced.run(playbook=BOOTSTRAP)
    assert (again.code, again.changed()["bootstrap"]) == (0, 0), again.text
