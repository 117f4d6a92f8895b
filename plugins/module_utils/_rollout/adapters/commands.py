# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a program of the user's: bounded in time and output, without credentials unless they are given."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING

from ..values import CommandResult

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a program needs of this process's environment. Everything else may hold secrets.
_PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# Credentials that an SDK would find by itself.
_NO_CREDENTIALS = {
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
_KEPT_BYTES = 16 << 10
_CHUNK_BYTES = 4096
# How long its output may take to end after the program has.
_GRACE_SECONDS = 5.0


class Commands:
    """Programs that run, each in a thread of its own or one after the other, until all of them are ended.

    Then none begins any more, also not one that a thread was just about to begin.
    """

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._ended = False
        self._lock = threading.Lock()

    def run(
        self, command: tuple[str, ...], variables: Mapping[str, str], *, seconds: float, pass_credentials: bool
    ) -> CommandResult:
        """Run a program with what it started, for *seconds* at most. Only the end of its output is kept."""
        try:
            process = self._start(command, _environment(variables, pass_credentials=pass_credentials))
        except (OSError, ValueError) as error:
            return CommandResult(None, problem=f"could not be started: {error}")
        if process is None:
            return CommandResult(None, problem="was not started, as nobody waits for it any more")
        kept = bytearray()
        reader = threading.Thread(target=_drain, args=(process.stdout, kept), daemon=True)
        reader.start()
        problem = ""
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            problem = f"had not ended after {seconds:g} s and was killed"
        finally:
            # Also what it left behind, and also when this run is interrupted.
            self._end(process.pid)
            process.wait()
        reader.join(_GRACE_SECONDS)
        output = bytes(kept).decode(errors="replace")
        return CommandResult(None if problem else process.returncode, output, problem)

    def _start(self, command: tuple[str, ...], environment: dict[str, str]) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._ended:
                return None
            # Its output is bounded while it comes, and all that it started ends with it: run_command does neither.
            # pylint: disable-next=ansible-bad-function,consider-using-with
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process.pid)
        return process

    def _end(self, group: int) -> None:
        """End a program with what it started, once. That nothing is left is fine."""
        with self._lock:
            if group in self._running:
                self._running.remove(group)
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)

    def end(self) -> None:
        """End all that run, and let no other begin."""
        with self._lock:
            self._ended = True
            running = tuple(self._running)
        for group in running:
            self._end(group)


def _environment(variables: Mapping[str, str], *, pass_credentials: bool) -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    if pass_credentials:
        return {**passed, **{name: text for name, text in os.environ.items() if name.startswith("AWS_")}, **variables}
    return {**passed, **_NO_CREDENTIALS, **variables}


def _drain(stream: IO[bytes], kept: bytearray) -> None:
    """Read to the end, so that the program never waits; keep only the last bytes."""
    with stream:
        while chunk := stream.read(_CHUNK_BYTES):
            kept += chunk
            del kept[:-_KEPT_BYTES]
