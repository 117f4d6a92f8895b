# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the commands that say what is to be stated about an image."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from ..._errors import OperationError, RequestError, WaitTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..predicate_options import Predicate

CONFIG_VARIABLE = "IMAGE_CONFIG_DIGEST"
_SECONDS = 600
_TAIL_LINES = 20
#: The gate `signature` reads no statement of more, which is in base64 twice there.
_LIMIT_BYTES = 8 << 20


class PredicateCommands:
    """Asks each predicate's command; no shell is involved. *say* shows progress."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def make(self, predicate: Predicate, config_digest: str) -> dict[str, Any]:
        """The JSON object that the command prints. Raises `OperationError` when there is none.

        *config_digest* is that of the image's configuration, by which an engine knows it; empty for an index.
        """
        attempted = f"Tried to find out what to state as {predicate.type} by `{' '.join(predicate.command)}`"
        self._say(f"  · finding out what to state as {predicate.type}")
        try:
            # The action plugin uses this too, and has no module whose run_command could be called.
            # pylint: disable-next=ansible-bad-function
            done = subprocess.run(
                predicate.command,
                env={**os.environ, CONFIG_VARIABLE: config_digest},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except OSError as reason:
            raise RequestError(f"{attempted}, but it could not be run: {reason.strerror}. Correct it.") from reason
        except subprocess.TimeoutExpired as reason:
            raise WaitTimeoutError(f"{attempted}, but it had not ended after {_SECONDS} seconds.") from reason
        if done.returncode != 0:
            said = "\n".join(done.stderr.decode(errors="replace").strip().splitlines()[-_TAIL_LINES:])
            raise OperationError(f"{attempted}, but it ended with {done.returncode}: {said or 'it said nothing'}")
        return _object(done.stdout, attempted)


def _object(printed: bytes, attempted: str) -> dict[str, Any]:
    if len(printed) > _LIMIT_BYTES:
        raise OperationError(f"{attempted}, but it printed {len(printed)} bytes; {_LIMIT_BYTES} are the limit.")
    try:
        found = json.loads(printed)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise OperationError(f"{attempted}, but what it printed on standard output is no JSON object.")
    return found
