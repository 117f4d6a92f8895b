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
from ..._oci.login import Login
from ..._oci.strict_json import MalformedError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: How long a credential helper may take.
HELPER_SECONDS = 30.0
_NOT_FOUND = b"credentials not found"


def config_file() -> Path:
    """Where Docker's configuration lies: in ``$DOCKER_CONFIG``, or in ``~/.docker``."""
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else _home() / ".docker") / "config.json"


def config_files() -> tuple[Path, ...]:
    """Docker's configuration, and those that podman and skopeo write in the same form (containers-auth.json(5))."""
    runtime, config = os.environ.get("XDG_RUNTIME_DIR"), os.environ.get("XDG_CONFIG_HOME")
    named = os.environ.get("REGISTRY_AUTH_FILE")
    folders = [*([Path(runtime)] if runtime else []), Path(config) if config else _home() / ".config"]
    podman = [Path(named)] if named else [folder / "containers" / "auth.json" for folder in folders]
    return (config_file(), *podman)


def _home() -> Path:
    """The home directory; a place where nothing is for a user who has none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.devnull)


class DockerLogins:
    """The login of one registry; a helper is asked when it is first needed, and again when its login is refused.

    *required*: that there is none is an error. Else a helper for all registries may have none, or not be installed.
    """

    def __init__(
        self,
        host: str,
        files: Sequence[Path] = (),
        *,
        required: bool = True,
        seconds: float = HELPER_SECONDS,
        own_port: int = 443,
    ) -> None:
        self._host, self._files, self._seconds = host, tuple(files) or config_files(), seconds
        self._required, self._own_port = required, own_port
        self._lock = threading.Lock()
        self._asked = False
        self._known: Login | None = None

    def is_known(self) -> bool:
        """Whether a configuration may have a login. Raises CredentialsError when one cannot be read."""
        return self._find() is not None

    def login(self, refused: Login | None = None) -> Login | None:
        """The login, which is not *refused*. None when there is no other. Raises CredentialsError."""
        with self._lock:
            if not self._asked or (refused is not None and self._known == refused):
                self._known, self._asked = self._ask(), True
            return None if self._known == refused else self._known

    def _find(self) -> tuple[Path, Login | CredentialHelper] | None:
        """What the first file has that has anything for sure; else what a helper for all registries may have."""
        unsure: tuple[Path, Login | CredentialHelper] | None = None
        for file in self._files:
            kept = self._read(file)
            if isinstance(kept, Login) or (kept and kept.noted):
                return file, kept
            if kept and unsure is None:
                unsure = file, kept
        return unsure

    def _read(self, path: Path) -> Login | CredentialHelper | None:
        try:
            with path.open("rb") as file:
                content = file.read(LIMIT_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            # What podman keeps for another user, whose environment we have, is not ours to read.
            if path != self._files[0] and not self._required:
                return None
            raise self._refusal(f"{path} cannot be read ({error.strerror})") from error
        try:
            return find_login(content, self._host, self._own_port)
        except MalformedError as error:
            raise self._refusal(f"{path} {error}") from None

    def _ask(self) -> Login | None:
        found = self._find()
        if found is None:
            return None
        file, kept = found
        return kept if isinstance(kept, Login) else self._ask_helper(file, kept)

    def _ask_helper(self, file: Path, helper: CredentialHelper) -> Login | None:
        program, login = shutil.which(helper.program), None
        seen = f"the helper {helper.program}, which {file} names, is not on the PATH"
        try:
            if program is not None:
                seen = f"the helper {program} has none"
                login = next(filter(None, (self._answer(program, each) for each in helper.servers)), None)
        except OSError as error:
            # One that docker's desktop left behind may be a program of another system.
            seen = f"the helper {program}, which {file} names, cannot be run ({error.strerror})"
        if login is None and (self._required or helper.noted):
            raise self._refusal(seen)
        return login

    def _answer(self, program: str, server: str) -> Login | None:
        """What a helper has for *server*; None when it has nothing."""
        status, answer = _run(program, server, self._seconds)
        if status is None:
            raise self._refusal(f"the helper {program} gave no answer within {self._seconds:g} s")
        if len(answer) > LIMIT_BYTES:
            raise self._refusal(f"the helper {program} answered with more than {LIMIT_BYTES} bytes")
        if status != 0:
            if _NOT_FOUND in answer[:200]:
                return None
            raise self._refusal(f"the helper {program} ended with status {status}")
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
