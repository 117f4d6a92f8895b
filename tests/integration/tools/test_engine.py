# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Docker daemon beside the machine's own, in a network namespace of its own: started, killed, stopped."""

import os
import select
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.engine import _daemon, _ping, _record
from tools.engine._errors import EngineError
from tools.engine._processes import Process, identify, name_of

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("dockerd") is None,
    reason="declared: only root can run a second dockerd, and only where one is installed",
)


def layout_in(home: Path) -> _daemon.Layout:
    socket, pid_file, exec_root = home / "docker.sock", home / "docker.pid", home / "exec"
    command = (
        # The namespace matters: a daemon without a bridge removes docker0, which is the other engine's.
        *("unshare", "--net", "--mount", "dockerd", "--bridge=none", "--iptables=false", "--ip-forward=false"),
        *(f"--host=unix://{socket}", f"--data-root={home / 'data'}"),
        *(f"--exec-root={exec_root}", f"--pidfile={pid_file}"),
    )
    return _daemon.Layout(home / "state", socket, pid_file, exec_root, command)


@pytest.fixture
def layout() -> Iterator[_daemon.Layout]:
    # pytest's own folders are too deep: the path of a socket has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True) as folder:
        layout = layout_in(Path(folder))
        yield layout
        record = _record.read(layout.record)
        if record is not None:
            _daemon.stop(layout, record)


def kill(*processes: Process) -> None:
    """Kill without warning, and wait until the kernel has done it."""
    for process in processes:
        handle = os.pidfd_open(process.pid)
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        assert select.select([handle], [], [], 10)[0]
        os.close(handle)


def started(layout: _daemon.Layout) -> _record.Record:
    _daemon.start(layout)
    record = _record.read(layout.record)
    assert record is not None
    assert record.daemon is not None
    return record


def test_a_started_daemon_answers_and_a_stopped_one_leaves_no_process(layout: _daemon.Layout) -> None:
    record = started(layout)
    assert record.daemon is not None
    assert _ping.ping_socket(layout.socket).ok
    assert name_of(record.daemon.pid) == "dockerd"
    assert [name_of(helper.pid) for helper in record.helpers] == ["containerd"]
    assert _daemon.running_containers(layout) == []

    said = _daemon.stop(layout, record)

    assert "Stopped" in said
    assert not record.daemon.alive()
    assert not any(helper.alive() for helper in record.helpers)
    assert not layout.socket.exists()
    assert not layout.pid_file.exists()
    assert not layout.record.exists()


def test_a_second_start_finds_the_first_daemon(layout: _daemon.Layout) -> None:
    assert started(layout) == started(layout)


def test_a_daemon_killed_midway_is_replaced_although_its_pid_files_name_living_strangers(
    layout: _daemon.Layout,
) -> None:
    first = started(layout)
    assert first.daemon is not None
    kill(first.daemon, *first.helpers)
    layout.pid_file.write_text(str(os.getpid()))
    layout.containerd_pid_file.write_text(str(os.getpid()))

    second = started(layout)

    assert second.daemon is not None
    assert second.daemon != first.daemon
    assert _ping.ping_socket(layout.socket).ok


def test_stopping_a_daemon_that_died_ends_what_it_left(layout: _daemon.Layout) -> None:
    record = started(layout)
    assert record.daemon is not None
    kill(record.daemon)

    assert "Cleared up" in _daemon.stop(layout, record)

    assert not any(helper.alive() for helper in record.helpers)


def test_a_daemon_that_cannot_start_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    good = layout_in(tmp_path)
    bad = _daemon.Layout(good.home, good.socket, good.pid_file, good.exec_root, (*good.command, "--no-such-option"))
    with pytest.raises(EngineError, match="no-such-option"):
        _daemon.start(bad)


def test_a_process_is_told_from_a_later_one_of_the_same_number() -> None:
    me = identify(os.getpid())
    assert me is not None
    assert me.alive()
    assert not type(me)(me.pid, me.start - 1, me.boot_id).alive()
