# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of this machine that gates send: bounded in size."""

from __future__ import annotations

from pathlib import Path

from ..._errors import OperationError

_MOST_BYTES = 64 << 20


def file_problem(path: str) -> str:
    """Why the file cannot be sent, as a sentence ends; empty when it can."""
    try:
        file = Path(path)
        if not file.is_file():
            return "is no file" if file.exists() else "does not exist on this machine"
        if not 0 < file.stat().st_size <= _MOST_BYTES:
            return f"has {file.stat().st_size} bytes, where 1 to {_MOST_BYTES} can be sent"
        with file.open("rb"):
            return ""
    except (OSError, ValueError) as error:
        return f"cannot be read: {error}"


def read_file(path: str) -> bytes:
    """What the file holds. Raises OperationError when it cannot be sent."""
    if problem := file_problem(path):
        raise OperationError(f"Tried to send file {path}, but it {problem}.")
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise OperationError(f"Tried to send file {path}, but it cannot be read: {error}.") from error
