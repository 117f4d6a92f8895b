# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release of several services leaves whose leading service was unfit: others that hold it open, to be undone.

A run may be killed after it has closed the leading service's record, and before it has undone the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._release.image import version_names
from .._release.record import newest_first
from .fallen import NeverBegunError
from .results import Result, of_error

if TYPE_CHECKING:
    from .._errors import FastbreakError
    from .._release.record import Release
    from .order import Order
    from .ports import Ports
    from .report import RolloutResult


def ended_release(lead: Order) -> Release | None:
    """The newest release of the leading service, if it is the one that is asked for and has ended unfit."""
    newest = next(iter(newest_first(lead.ports.releases.history(lead.service))), None)
    if newest is None or newest.in_progress or newest.succeeded:
        return None
    return newest if _is_asked_for(newest, lead) else None


def refused_beside(order: Order, lead: Order) -> Release | None:
    """The newest release of another service, if it ended unfit while the leading service's part of it was under way.

    A run closed it, and was killed before it undid the leading service. Records of two services are numbered apart: the
    leading service's says which had ended before. In one of before it did, their times tell.
    """
    judged = next(iter(newest_first(lead.ports.releases.history(lead.service))), None)
    if judged is None or not judged.in_progress or not _is_asked_for(judged, lead):
        return None
    newest = next(iter(newest_first(order.ports.releases.history(order.service))), None)
    if newest is None or newest.in_progress or newest.succeeded:
        return None
    is_part = (newest.digest, newest.services, newest.kind) == (judged.digest, judged.services, judged.kind)
    before = judged.ended_before.get(order.service)
    is_later = newest.finished_at >= judged.started_at if before is None else newest.release_id > before
    return newest if is_part and is_later else None


def _is_asked_for(release: Release, lead: Order) -> bool:
    return version_names(lead.request.version, tag=release.version, digest=release.digest)


def is_open(order: Order, digest: str) -> bool:
    """Whether the service's record of the release of this image is not completed."""
    return not order.leads and holds_open(order.ports, order.service, digest)


def holds_open(ports: Ports, service: str, digest: str, *, begun: bool = False) -> bool:
    """Whether a record of *service* of the release of this image is not completed; with *begun*, and ECS began it."""
    return any(release.deployment_id or not begun for release in _open_records(ports, service, digest))


def open_record(ports: Ports, service: str, digest: str) -> Release | None:
    """The newest record of *service* of the release of this image that is not completed."""
    return next(iter(_open_records(ports, service, digest)), None)


def _open_records(ports: Ports, service: str, digest: str) -> list[Release]:
    history = newest_first(ports.releases.history(service))
    return [release for release in history if release.in_progress and release.digest == digest]


class Ended:
    """A service of the release that could not be taken up, since its part of it had ended already."""

    handed_over = False

    def __init__(self, error: FastbreakError) -> None:
        self._error = error

    def leave(self) -> RolloutResult:
        """There is nothing to leave."""
        raise self._error

    def unfit(self) -> str:
        """How it ended."""
        return self._error.message

    def accept(self) -> RolloutResult:
        """There is nothing to accept."""
        raise self._error

    def refuse(self, _why: str) -> str:
        """How it ended. Raises the error when the service may still be at the release."""
        result = of_error(self._error)
        if isinstance(self._error, NeverBegunError) and result is Result.FAILED:
            return self._error.message
        if result in (Result.ROLLED_BACK, Result.STOPPED, Result.SUPERSEDED):
            return self._error.message
        raise self._error
