# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout sends to ECS: a task that is run once, and a change of a living service. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..values import ServiceSettings


@dataclass(frozen=True, slots=True)
class OneOffTask:
    """A task that is run once: the *container* of a revision with another command, with the service's *settings*.

    ``started_by`` marks it as this service's, so that it is found again. ``cpu`` and ``memory_mib`` are the whole
    task's, 0 for the revision's; ``environment`` is added to the container's.
    ``task_role_arn`` is whom the task acts as, empty for the revision's own.
    """

    cluster: str
    task_definition_arn: str
    container: str
    command: tuple[str, ...]
    settings: ServiceSettings
    started_by: str
    cpu: int = 0
    memory_mib: int = 0
    environment: tuple[tuple[str, str], ...] = ()
    task_role_arn: str = ""


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """What to send to a living service: the task definition unless empty, and of *settings* those that *changed*.

    *force* starts a deployment even when nothing else does. *desired_count* is sent unless it is None.
    """

    settings: ServiceSettings
    changed: tuple[str, ...]
    task_definition_arn: str = ""
    force: bool = False
    desired_count: int | None = None
