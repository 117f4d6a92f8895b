# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Two folders that change their places."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HERE, _EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux."""
_UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def exchange(made: Path, place: Path) -> None:
    """Put one folder in the place of another, which is where the first one was then. Raises OSError.

    In one step on Linux. Elsewhere in three, between which `recover` finds the folder again.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is not None:
        if rename(_HERE, os.fsencode(made), _HERE, os.fsencode(place), _EXCHANGE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _UNKNOWN:
            raise OSError(number, os.strerror(number), str(place))
    stepwise(made, place)


def stepwise(made: Path, place: Path) -> None:
    """The same where nothing does it in one step."""
    before = _before(place)
    place.rename(before)
    try:
        made.rename(place)
    except OSError:
        before.rename(place)
        raise
    before.rename(made)


def recover(folder: Path) -> None:
    """Put a folder back that is not in its place, as whatever exchanged it was killed in between. Raises OSError."""
    place = folder.resolve()
    if not place.exists() and _before(place).is_dir():
        _before(place).rename(place)


def _before(place: Path) -> Path:
    return place.with_name(f".{place.name}.before")
