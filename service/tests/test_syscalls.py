# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a process that decodes cannot ask of the kernel, by seccomp alone: as on Fargate, without a namespace."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from fastbreak_service.worker import syscalls

if TYPE_CHECKING:
    import pytest

_TRY = """
import ctypes, fcntl, json, os, resource, signal, socket, subprocess, sys, threading
from fastbreak_service.worker import syscalls

victim = int(sys.argv[1])
waiting, told = threading.Event(), {}
def later():
    waiting.wait()
    told["socket in a thread that was there before"] = outcome(lambda: socket.socket())
thread = threading.Thread(target=later)
thread.start()

libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    if libc.syscall(*arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")
def outcome(attempt):
    try:
        attempt()
    except OSError as error:
        return error.errno
    return 0

def child():
    if os.fork() == 0:
        os._exit(0)
    os.wait()

given_up = syscalls.give_up()
waiting.set()
thread.join()
told |= {
    "socket": outcome(lambda: socket.socket()),
    "unix socket": outcome(lambda: socket.socket(socket.AF_UNIX)),
    "socket pair": outcome(lambda: socket.socketpair()),
    "program": outcome(lambda: os.execv("/bin/true", ["true"])),
    "child program": outcome(lambda: subprocess.run(["/bin/true"], check=True)),
    "namespace": outcome(lambda: os.unshare(os.CLONE_NEWUSER)),
    "signal": outcome(lambda: os.kill(victim, signal.SIGTERM)),
    "signal by descriptor": outcome(lambda: os.pidfd_open(victim)),
    "signal to the group": outcome(lambda: os.killpg(0, 0)),
    "trace": outcome(lambda: call(ctypes.c_long(101 if os.uname().machine == "x86_64" else 117), 16, victim, 0, 0)),
    "child": outcome(child),
    "limits": outcome(lambda: resource.prlimit(victim, resource.RLIMIT_NOFILE, (8, 8))),
    "priority": outcome(lambda: os.setpriority(os.PRIO_PROCESS, victim, 19)),
    "processors": outcome(lambda: os.sched_setaffinity(victim, os.sched_getaffinity(0))),
    "signal by a file's owner": outcome(lambda: fcntl.fcntl(0, fcntl.F_SETOWN, victim)),
    "which signal": outcome(lambda: fcntl.fcntl(0, 10, signal.SIGTERM)),
    "io_uring": outcome(lambda: call(ctypes.c_long(425), 1, 0)),
}
allowed = {
    "signal to itself": outcome(lambda: os.kill(os.getpid(), 0)),
    "limits of itself": outcome(lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0))),
    "processors of itself": outcome(lambda: os.sched_setaffinity(0, os.sched_getaffinity(0))),
    "file": outcome(lambda: open(sys.argv[2], "w").write("x")),
    "thread": outcome(lambda: (t := threading.Thread(target=print), t.start(), t.join())),
}
print(json.dumps({"given_up": given_up, "told": told, "allowed": allowed}))
"""


def test_calls_are_refused_and_what_decoding_needs_is_not(tmp_path_factory: pytest.TempPathFactory) -> None:
    victim = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        target = tmp_path_factory.mktemp("syscalls") / "measures"
        command = [sys.executable, "-c", _TRY, str(victim.pid), str(target)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seen = json.loads(done.stdout.splitlines()[-1])
        assert seen["given_up"], "libseccomp is a part of Debian: install libseccomp2"
        assert set(seen["told"].values()) == {1}, seen["told"]
        assert set(seen["allowed"].values()) == {0}, seen["allowed"]
        assert target.read_text() == "x"
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.communicate()


def test_without_the_library_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscalls, "_LIBRARY", "libnone.so.0")
    assert not syscalls.give_up()


def test_an_abort_is_still_an_abort() -> None:
    code = "import os; from fastbreak_service.worker.syscalls import give_up; give_up(); os.abort()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == -6
