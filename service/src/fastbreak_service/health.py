# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The health check of a container. Each task runs it every few seconds, so it imports next to nothing."""

from __future__ import annotations

import os
import socket
import sys

from fastbreak_service.environment import SettingsError, lease_seconds, service_port

_TIMEOUT_SECONDS = 3.0


def main(*, worker: bool) -> int:
    """Say on stderr what is wrong; the exit code: 0 healthy, 1 not, 2 for a bad setting."""
    try:
        problem = _silence() if worker else _failure(service_port(os.environ))
    except SettingsError as error:
        return _complain(str(error), 2)
    return _complain(f"{problem}.", 1) if problem else 0


def _silence() -> str:
    """Why the worker of this container is taken for dead; empty when it is alive."""
    from fastbreak_service.worker.pulse import Pulse  # noqa: PLC0415 - a server's check does without

    return Pulse().problem(lease_seconds(os.environ))


def _failure(port: int) -> str:
    """What `/healthz` answers instead of 200; empty when it does. `http.client` takes longer to load than all this."""
    url = f"http://127.0.0.1:{port}/healthz"
    try:
        with socket.create_connection(("127.0.0.1", port), _TIMEOUT_SECONDS) as connection:
            connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            with connection.makefile("rb") as answer:
                line = answer.readline(1024).decode("latin-1").strip()
    except OSError as error:
        return f"{url} does not answer: {error}"
    words = line.split(" ", 2)
    return "" if words[0].startswith("HTTP/") and words[1:2] == ["200"] else f"{url} answers {line!r}"


def _complain(sentence: str, code: int) -> int:
    print(f"fastbreak-service: {sentence}", file=sys.stderr)
    return code
