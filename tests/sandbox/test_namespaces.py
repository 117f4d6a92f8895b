# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Listening in the networks of tasks."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.namespaces import HERE, Namespaces

APART = "import os, sys; os.unshare(os.CLONE_NEWNET); print('apart', flush=True); sys.stdin.read()"
ADDRESS = "127.93.17.4"


@pytest.fixture
def process() -> Iterator[int]:
    """A process in a network of its own."""
    command = [sys.executable, "-c", APART]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        if started.stdout.readline().strip() != "apart":
            pytest.skip("declared: only root may make networks")
        yield started.pid
        started.kill()


def test_the_same_address_is_another_one_in_each_network(process: int) -> None:
    told: list[tuple[str, ...]] = []
    namespaces = Namespaces()
    namespaces.follow(lambda: told.append(namespaces.names))
    namespaces.enter("task", process)
    with namespaces.bind(HERE, ADDRESS, 0) as here:
        port = here.getsockname()[1]
        with namespaces.bind("task", ADDRESS, port) as there:
            assert there.getsockname() == (ADDRESS, port)
        with pytest.raises(OSError, match="in use"):
            namespaces.bind(HERE, ADDRESS, port)
    namespaces.leave("task")
    namespaces.leave("task")
    assert told == [(HERE, "task"), (HERE,)]
    with pytest.raises(ProcessLookupError):
        namespaces.bind("task", ADDRESS, port)


def test_a_process_that_has_ended_is_entered_nowhere() -> None:
    told: list[str] = []
    namespaces = Namespaces()
    namespaces.follow(lambda: told.append("changed"))
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    namespaces.enter("task", ended.pid)
    namespaces.enter("none", 0)
    assert (namespaces.names, told) == ((HERE,), [])


def test_a_reset_leaves_all_of_them(process: int) -> None:
    namespaces = Namespaces()
    for name in ("one", "two"):
        namespaces.enter(name, process)
    before = len(list(Path("/proc/self/fd").iterdir()))
    namespaces.clear()
    assert namespaces.names == (HERE,)
    assert len(list(Path("/proc/self/fd").iterdir())) == before - 2
