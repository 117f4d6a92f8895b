# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins that ``docker login`` left: in Docker's configuration, or with a credential helper."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..._errors import CredentialsError
from ..._oci.docker_config import LIMIT_BYTES, CredentialHelper, find_login, read_answer
from ..._oci.strict_json import MalformedError

if TYPE_CHECKING:
    from ..._oci.login import Login

#: How long a credential helper may take.
HELPER_SECONDS = 30.0
_NOT_FOUND = b"credentials not found"


def config_file() -> Path:
    """Where Docker's configuration lies: in ``$DOCKER_CONFIG``, or in ``~/.docker``."""
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"


class DockerLogins:
    """The login of one registry; a helper is asked when it is first needed, and again when its login is refused."""

    def __init__(self, host: str, file: Path | None = None, *, seconds: float = HELPER_SECONDS) -> None:
        self._host, self._file, self._seconds = host, file or config_file(), seconds
        self._lock = threading.Lock()
        self._known: Login | None = None

    def is_known(self) -> bool:
        """Whether the configuration has anything for the registry. Raises CredentialsError when it cannot be read."""
        return self._find() is not None

    def login(self, refused: Login | None = None) -> Login | None:
        """The login, which is not *refused*. None when there is no other. Raises CredentialsError."""
        with self._lock:
            if self._known is None or self._known == refused:
                self._known = self._ask()
            return None if self._known == refused else self._known

    def _find(self) -> Login | CredentialHelper | None:
        try:
            with self._file.open("rb") as file:
                content = file.read(LIMIT_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refusal(f"{self._file} cannot be read ({error.strerror})") from error
        try:
            return find_login(content, self._host)
        except MalformedError as error:
            raise self._refusal(f"{self._file} {error}") from None

    def _ask(self) -> Login | None:
        found = self._find()
        if not isinstance(found, CredentialHelper):
            return found
        program = shutil.which(found.program)
        if program is None:
            raise self._refusal(f"the helper {found.program}, which {self._file} names, is not on the PATH")
        status, answer = _run(program, found.server, self._seconds)
        if status is None:
            raise self._refusal(f"the helper {program} gave no answer within {self._seconds:g} s")
        if len(answer) > LIMIT_BYTES:
            raise self._refusal(f"the helper {program} answered with more than {LIMIT_BYTES} bytes")
        if status != 0:
            what = "has none" if _NOT_FOUND in answer[:200] else f"ended with status {status}"
            raise self._refusal(f"the helper {program} {what}")
        try:
            return read_answer(answer, self._host)
        except MalformedError as error:
            raise self._refusal(f"the answer of the helper {program} {error}") from None

    def _refusal(self, seen: str) -> CredentialsError:
        return CredentialsError(
            f"Tried to find the login of {self._host} where docker keeps it, but {seen}. Log in (`docker login "
            f"{self._host}`), or give username and password, or auth: anonymous."
        )


def _run(program: str, server: str, seconds: float) -> tuple[int | None, bytes]:
    """A helper's status, None when its time was up, and the beginning of what it said. No shell is involved."""
    late = threading.Event()
    with tempfile.TemporaryFile() as question:
        question.write(server.encode())
        question.seek(0)
        # It is no command for AnsibleModule.run_command: its output is secret, and must be bounded.
        # pylint: disable-next=ansible-bad-function
        process = subprocess.Popen(
            [program, "get"], stdin=question, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def end() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        answer = process.stdout.read(LIMIT_BYTES + 1) if process.stdout else b""
        if len(answer) > LIMIT_BYTES:
            _kill(process)
        status = process.wait()
    finally:
        timer.cancel()
        _kill(process)
        process.communicate()
    return (None if late.is_set() else status), answer


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the helper and all that it started, unless it has ended."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
