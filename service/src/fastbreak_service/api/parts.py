# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the routes work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastbreak_service.api.admission import Admission
    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.settings import ServiceSettings
    from fastbreak_service.store.analyses import AnalysisStore
    from fastbreak_service.store.retention import Retention
    from fastbreak_service.store.team_analyses import TeamAnalyses
    from fastbreak_service.store.work import WorkQueue
    from fastbreak_service.worker.loop import WorkLoop


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts. `check_schema` raises ApiError when the database is not at a fit revision.

    `analyses` are those of a team by its name. `loop` is the worker inside, None when workers are apart.
    """

    settings: ServiceSettings
    admission: Admission
    analyses: Callable[[str], TeamAnalyses]
    store: AnalysisStore
    queue: WorkQueue
    footage: Footage
    retention: Retention
    loop: WorkLoop | None
    check_schema: Callable[[], None]
