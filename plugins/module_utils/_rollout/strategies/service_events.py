# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ECS says of the service, for messages about what did not come to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._errors import FastbreakError
from ..service.causes import events_in_words

if TYPE_CHECKING:
    from datetime import datetime

    from ..values import Service
    from .rollout import Rollout


def said_of(service: Service | None, since: datetime | None = None) -> str:
    """A sentence with the events of *service*, after a space; empty without any.

    These are those since *since*, or else since its primary deployment began.
    """
    if service is None:
        return ""
    said = events_in_words(service.events, since or (service.primary.created_at if service.primary else None))
    return f" ECS said: {said}." if said else ""


def said_by_ecs(rollout: Rollout) -> str:
    """The same of the rollout's service as it stands. Never raises: it explains another failure."""
    request = rollout.request
    try:
        return said_of(rollout.ports.ecs.describe_service(request.cluster, request.service))
    except FastbreakError as error:
        return f" ECS's events could not be read: {error}"
