# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Patience with registries that do not know for a moment what they have taken.

Seen on Debian's docker-registry while two runs write the same content: it truncates a link before writing it anew. And
registries in the cloud answer from many machines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import OperationError
from .session import StoppableClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._oci.model import RawManifest
    from .._oci.names import Address
    from .session import Session

WAITS_SECONDS = (0.1, 0.4, 1.6)


def write_manifest(session: Session, address: Address, manifest: RawManifest) -> str:
    """Write it to the destination; tried again while that says it lacks what the manifest names."""
    write = session.ports.destination.write_manifest
    for seconds in WAITS_SECONDS:
        try:
            return write(address, manifest)
        except OperationError as error:
            if error.details.get("refusal") != "missing":
                raise
        StoppableClock(session).sleep(seconds)
    return write(address, manifest)


def comes_true(session: Session, seen: Callable[[], bool]) -> bool:
    """Whether *seen* is so, now or in a moment."""
    for seconds in WAITS_SECONDS:
        if seen():
            return True
        StoppableClock(session).sleep(seconds)
    return seen()
