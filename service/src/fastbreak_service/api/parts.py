# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the routes work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastbreak_service.api.admission import Admission
    from fastbreak_service.api.dead_letters import DeadLetters
    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.identity.caller import Caller
    from fastbreak_service.messages.sending import Sender
    from fastbreak_service.settings import ServiceSettings
    from fastbreak_service.store.analyses import AnalysisStore
    from fastbreak_service.store.audit import Trail
    from fastbreak_service.store.erasures import Erasures
    from fastbreak_service.store.mark import Standing
    from fastbreak_service.store.person_erasures import PersonErasures
    from fastbreak_service.store.retention import Retention
    from fastbreak_service.store.team_analyses import TeamAnalyses
    from fastbreak_service.store.team_corrections import TeamCorrections
    from fastbreak_service.store.team_players import TeamPlayers
    from fastbreak_service.store.team_reviews import TeamReviews
    from fastbreak_service.store.team_uploads import TeamUploads
    from fastbreak_service.store.usage import TeamUsage
    from fastbreak_service.store.work import WorkQueue
    from fastbreak_service.worker.loop import WorkLoop


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts. `check_schema` says what the database's schema is, and raises ApiError when it is not fit.

    `analyses`, `reviews`, `corrections`, `players`, `uploads` and `usage` are those of a caller's team. `loop` is the
    worker inside, None when workers are apart. `trail` notes who sees what. `stopping`: whether the service was told to
    stop. `sender` says to workers apart that there is work, and `letters` erases the dead letters of analyses.
    """

    settings: ServiceSettings
    admission: Admission
    analyses: Callable[[Caller], TeamAnalyses]
    store: AnalysisStore
    queue: WorkQueue
    footage: Footage
    retention: Retention
    loop: WorkLoop | None
    check_schema: Callable[[], Standing]
    reviews: Callable[[Caller], TeamReviews]
    corrections: Callable[[Caller], TeamCorrections]
    players: Callable[[Caller], TeamPlayers]
    trail: Trail
    erasures: Erasures
    person_erasures: PersonErasures
    uploads: Callable[[Caller], TeamUploads]
    usage: Callable[[Caller], TeamUsage]
    stopping: Callable[[], bool]
    sender: Sender
    letters: DeadLetters
