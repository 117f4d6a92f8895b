# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patience with registries that do not know for a moment what they have taken.

Seen on Debian's docker-registry while two runs write the same content: it truncates a link before writing it again. And
registries in the cloud answer from many machines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from .._common.wait import until
from .._errors import OperationError
from .session import StoppableClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._errors import FastbreakError
    from .._oci.model import Manifest
    from .._oci.names import Address
    from .session import Session

Seen = TypeVar("Seen")

#: Pauses of a tenth of a second, four tenths, 1.6 s, then the rest: five looks when each answers at once, and fewer of
#: a registry that is slow, as it is when it is busy with other runs.
_SECONDS = 8.0


def patiently(  # noqa: UP047 (ansible-core 2.19 runs on Python 3.11)
    session: Session,
    look: Callable[[], Seen],
    right: Callable[[Seen], bool],
    *,
    otherwise: Callable[[Seen], FastbreakError],
) -> Seen:
    """What *look* sees once that is *right*, now or in a moment. Raises *otherwise* of what was seen last."""
    return until(
        look,
        right,
        clock=StoppableClock(session),
        seconds=_SECONDS,
        pause=lambda elapsed: 0.1 + 3 * elapsed,
        on_timeout=lambda seen, _elapsed: otherwise(seen),
    )


def write_manifest(session: Session, address: Address, manifest: Manifest) -> str:
    """Write it to the destination; tried again while that says it lacks what the manifest names.

    Returns the subject that the registry says it lists it for, empty when it lists none.
    """

    refusals: list[OperationError] = []

    def attempt() -> str | None:
        try:
            return session.ports.destination.write_manifest(address, manifest.raw)
        except OperationError as error:
            if error.details.get("refusal") != "missing":
                raise
            refusals.append(error)
            return None

    listed_for = patiently(session, attempt, lambda answer: answer is not None, otherwise=lambda _nothing: refusals[-1])
    return listed_for or ""
