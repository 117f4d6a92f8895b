# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error the collection raises on purpose.

The tree:

    FastbreakError                 what a user may see: its text is the whole message
    +-- RequestError               the request cannot be right: a bad or contradictory option
    +-- RefusedError               it could be done but must not be: a guard, a lock, a protection
    +-- UnavailableError           the world could not be asked: network, credentials, throttling to the end
    |   +-- CredentialsError       there are no usable credentials
    +-- OperationError             it was attempted and the other side said it failed
    |   +-- RolledBackError        ...and the previous state was restored
    |   +-- SupersededError        ...because a newer operation took over
    +-- DependencyError            something this component reads is missing, unsettled or failed
    +-- WaitTimeoutError           it was still under way when the time was up

Every text says what was attempted, what was seen and what to do next. ``details`` holds the same facts as plain
data (JSON-able), for a module's result; it never holds a secret.
"""

from __future__ import annotations

from typing import Any


class FastbreakError(Exception):
    """The root. ``message`` is complete English; ``details`` are the facts behind it."""

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class RequestError(FastbreakError):
    """The request cannot be right."""


class RefusedError(FastbreakError):
    """The request is understood and deliberately not carried out."""


class UnavailableError(FastbreakError):
    """The other side could not be asked, or gave no usable answer."""


class CredentialsError(UnavailableError):
    """There are no credentials, or they are expired or refused."""


class OperationError(FastbreakError):
    """The operation was attempted and failed."""


class RolledBackError(OperationError):
    """The operation failed and the previous state was restored."""


class SupersededError(OperationError):
    """A newer operation took over; ours neither succeeded nor was rolled back."""


class DependencyError(FastbreakError):
    """What this component reads is missing, not settled, or failed."""


class WaitTimeoutError(FastbreakError):
    """The wait ended before the operation did; ``details["last"]`` is the last snapshot seen."""
