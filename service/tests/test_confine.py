# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a process that decodes can still reach."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

from fastbreak_service.worker.confine import environment

_LOOK = """
import json, os, resource, socket
from fastbreak_service.worker.confine import Allowance, confine
from fastbreak_service.worker.files import Files
offline = confine(Allowance(2 << 30, 1000, 30), Files()).offline
try:
    socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), timeout=5).close()
    reached = True
except OSError:
    reached = False
print(json.dumps({
    "offline": offline,
    "reached": reached,
    "limits": [resource.getrlimit(kind) for kind in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU)],
}))
"""


def test_no_setting_of_the_service_reaches_the_decoder() -> None:
    whole = {"PATH": "/bin", "FASTBREAK_DATABASE_PASSWORD": "x", "AWS_SECRET_ACCESS_KEY": "x", "PGPASSWORD": "x"}
    assert environment(whole) == {"PATH": "/bin", "OPENBLAS_NUM_THREADS": "1"}


def test_the_decoder_finds_what_python_has_compiled() -> None:
    whole = {"PYTHONPYCACHEPREFIX": "/compiled", "PYTHONSTARTUP": "/x", "PGPASSWORD": "x"}
    assert environment(whole) == {"PYTHONPYCACHEPREFIX": "/compiled", "OPENBLAS_NUM_THREADS": "1"}


def test_a_confined_process_is_limited_and_offline_and_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = subprocess.run(
            [sys.executable, "-c", _LOOK],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PORT": str(server.getsockname()[1])},
        )
    seen = json.loads(done.stdout)
    assert (seen["offline"], seen["reached"]) == (True, False)
    assert seen["limits"] == [[2 << 30, 2 << 30], [1000, 1000], [30, 35]]


def test_a_hidden_process_keeps_its_memory_to_itself() -> None:
    code = "from fastbreak_service.worker.confine import hide_memory; hide_memory(); import ctypes; "
    code += "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
