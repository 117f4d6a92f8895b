# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker engine, through its command-line client: building is whatever command the caller has for it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from typing import TYPE_CHECKING

from .._errors import OperationError, RequestError, WaitTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .._oci.login import Login

_TAIL_LINES = 20


class DockerClient:
    """Runs ``docker``. No command outlives ``timeout_seconds``."""

    def __init__(self, docker: str, timeout_seconds: float) -> None:
        self._docker = docker
        self._timeout_seconds = timeout_seconds

    def build(self, command: tuple[str, ...]) -> None:
        """Run the command that builds an image. Raises `OperationError` with the end of its output."""
        self._run("build the image", list(command))

    def push(self, local_image: str, reference: str, login: Login) -> None:
        """Push ``local_image`` as ``reference``. The login is kept in a folder that is gone afterwards."""
        with self._logged_in(login) as environment:
            self._run(f"name the image {reference}", [self._docker, "tag", local_image, reference])
            with self._without_name(reference):
                self._run(f"push {reference}", [self._docker, "push", reference], environment)

    def pull(self, reference: str, local_image: str, login: Login) -> None:
        """Pull ``reference`` and name it ``local_image``. The login is kept in a folder that is gone afterwards.

        The name with the digest stays: the engine's id of an image is not the digest that a registry has of it, and of
        an index it may know no more than that.
        """
        with self._logged_in(login) as environment:
            self._run(f"pull {reference}", [self._docker, "pull", "--quiet", reference], environment)
            self._run(f"name the image {local_image}", [self._docker, "tag", reference, local_image])

    @contextlib.contextmanager
    def _logged_in(self, login: Login) -> Iterator[Mapping[str, str]]:
        """The variables with which commands are logged in."""
        with tempfile.TemporaryDirectory(prefix="fastbreak-docker-") as folder:
            environment = {"DOCKER_CONFIG": folder}
            words = ["login", "--username", login.username, "--password-stdin", login.host]
            self._run(f"log in to {login.host}", [self._docker, *words], environment, login.password)
            yield environment

    @contextlib.contextmanager
    def _without_name(self, reference: str) -> Iterator[None]:
        """Take the name away at the end: it was for the registry alone. That it cannot be matters to nobody."""
        try:
            yield
        finally:
            with contextlib.suppress(OperationError):
                self._run(f"remove the name {reference}", [self._docker, "image", "rm", "--no-prune", reference])

    def _run(
        self, attempted: str, command: Sequence[str], environment: Mapping[str, str] | None = None, text: str = ""
    ) -> None:
        try:
            # The action plugin uses this too, and has no module whose run_command could be called.
            # pylint: disable-next=ansible-bad-function
            done = subprocess.run(
                command,
                env={**os.environ, **(environment or {})},
                input=text,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=self._timeout_seconds,
                check=False,
            )
        except OSError as reason:
            raise RequestError(
                f"Tried to {attempted}, but {command[0]} could not be run: {reason.strerror}. "
                "Install it, or name another."
            ) from reason
        except subprocess.TimeoutExpired as reason:
            raise WaitTimeoutError(
                f"Tried to {attempted}, but it had not ended after {self._timeout_seconds:g} seconds. "
                "Look at the network and the engine, or raise timeout_seconds."
            ) from reason
        if done.returncode != 0:
            tail = "\n".join(done.stdout.strip().splitlines()[-_TAIL_LINES:])
            raise OperationError(f"Tried to {attempted}, but `{_shown(command)}` ended with {done.returncode}:\n{tail}")


def _shown(command: Sequence[str]) -> str:
    return " ".join(command[:3]) + (" ..." if len(command) > 3 else "")
