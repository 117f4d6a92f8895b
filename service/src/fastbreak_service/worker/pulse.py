# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The sign of life of a worker apart, which answers no requests: a file that it touches at each turn of its lease."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

# A turn may wait that long for a database that hangs, or for the networks to be loaded again.
_PATIENCE_SECONDS = 60.0


class Pulse:
    """The file of the worker in this container, which has a temporary folder of its own."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = (folder or Path(tempfile.gettempdir())) / "fastbreak-worker.alive"

    def beat(self) -> None:
        """The worker lives and can analyse."""
        self._file.touch()

    def stop(self) -> None:
        """The worker ends."""
        self._file.unlink(missing_ok=True)

    def problem(self, lease_seconds: float) -> str:
        """Why the worker is taken for dead; empty when it is alive."""
        try:
            silent = time.time() - self._file.stat().st_mtime
        except OSError as error:
            return f"the worker has not begun: {self._file}: {error.strerror}"
        if silent > lease_seconds + _PATIENCE_SECONDS:
            return f"the worker has been silent for {silent:.0f} s"
        return ""
