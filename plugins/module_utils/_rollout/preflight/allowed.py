# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look that these credentials may not make is said not to have been made; it refuses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ..._errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..session import Session

T = TypeVar("T")

_FORBIDDEN = ("AccessDenied", "UnauthorizedOperation")


def allowed(session: Session, what: str, look: Callable[[], T]) -> T | None:  # noqa: UP047 - needs a newer Python
    """What *look* saw; None when these credentials may not look, which is said."""
    try:
        return look()
    except OperationError as error:
        if not str(error.details.get("code", "")).startswith(_FORBIDDEN):
            raise
        session.warn_once(f"{what} was not checked: {error.message}")
        return None
