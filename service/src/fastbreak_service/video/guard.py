# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Turning whatever a decoder raises into a rejected video with a reason."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastbreak_service.errors import AnalysisError, RejectedVideoError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastbreak_service.errors import Rejection

_REASON_LENGTH = 160


@contextmanager
def rejecting(code: Rejection, message: str) -> Iterator[None]:
    """Raise RejectedVideoError for every exception in the block; `message` is a sentence, the cause is added to it.

    Only calls into the decoder belong in the block. The decoder raises its own errors, but also ValueError, TypeError,
    MemoryError and others, whatever a hostile file leads it into.
    """
    try:
        yield
    except AnalysisError:
        raise
    except Exception as error:
        raise RejectedVideoError(code, f"{message} The decoder says: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    """What an exception says, in one line and without the file's path, which FFmpeg's errors carry."""
    said = str(getattr(error, "strerror", None) or error) or type(error).__name__
    line = "".join(c if c.isprintable() else " " for c in said).strip().rstrip(".")
    return line[:_REASON_LENGTH] or type(error).__name__
