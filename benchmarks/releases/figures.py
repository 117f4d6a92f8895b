# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a release that was deployed: values only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from benchmarks.releases.load import Sample
from benchmarks.releases.plans import Planned
from benchmarks.releases.seen import Seen


class Said(StrEnum):
    """What a tool said at its end."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOTHING = "no word"
    """It had not ended when its time was over."""


@dataclass(frozen=True)
class Course:
    """What became of a deployment. Times are seconds since the epoch.

    `old_runs`, `new_runs`: whether that version, and nothing else, runs at the end. `baked`: how many seconds it is
    judged, when it is good, by the settings of gates and strategy; None: that is not known.
    """

    began: float
    ended: float
    said: Said
    seen: Seen
    old_runs: bool
    new_runs: bool
    baked: float | None = None


@dataclass(frozen=True)
class Cell:
    """One cell of the table. Seconds; None: it does not apply."""

    kind: str
    way: str
    said: Said
    right: bool
    to_detect: float | None
    to_restore: float | None
    requests: int
    failed: int
    failed_before_shift: int
    new_share: float
    """Of all requests while the new version had any traffic, how many it answered."""
    seconds: float
    commit: str = ""
    load: float = 0.0
    statuses: Mapping[str, int] = field(default_factory=dict)
    """The failed requests by their status; 0 is no answer."""
    number: int = 0
    killed: bool = False
    verdict_to_restored: float | None = None
    """From our verdict to the last answer of the new version and to the last failure."""
    own: float | None = None
    """Of an accepted release: what it took beside migration, starting, judging, ECS's moves, and stopping old tasks."""

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it from the others of a file."""
        return self.kind, self.way, self.number


def cell(planned: Planned, course: Course, samples: Sequence[Sample], new: str) -> Cell:
    """The cell of a deployment that was *planned*; *new* is the version it brings."""
    counted = [sample for sample in samples if sample.began >= course.began]
    of_new = [sample for sample in counted if sample.version == new]
    shifted = min((sample.began for sample in of_new), default=course.ended)
    left = max((sample.ended for sample in of_new), default=shifted)
    during = [sample for sample in counted if shifted <= sample.began <= left]
    failed = [sample for sample in counted if not sample.good]
    return Cell(
        kind=planned.kind.name,
        way=planned.way,
        said=course.said,
        right=_is_right(planned, course),
        to_detect=_to_detect(course),
        to_restore=_until_restored(course.seen.undone, of_new, failed),
        requests=len(counted),
        failed=len(failed),
        failed_before_shift=sum(sample.began < shifted for sample in failed),
        new_share=len(of_new) / len(during) if during else 0.0,
        seconds=course.ended - course.began,
        statuses=dict(Counter(str(sample.status) for sample in failed)),
        number=planned.number,
        killed=planned.killed_after is not None,
        verdict_to_restored=_until_restored(_verdict(course), of_new, failed),
        own=_own(course) if planned.killed_after is None else None,
    )


def _is_right(planned: Planned, course: Course) -> bool:
    if planned.kind.good:
        return course.said is Said.ACCEPTED and course.new_runs
    return course.said is Said.REFUSED and course.old_runs


def _to_detect(course: Course) -> float | None:
    """From the beginning of the deployment to its end; of the run, where none was begun."""
    if course.said is Said.ACCEPTED:
        return None
    if course.seen.undone is not None and course.seen.started is not None:
        return course.seen.undone - course.seen.started
    return course.ended - course.began if course.said is Said.REFUSED else None


def _verdict(course: Course) -> float | None:
    """Ours, where it had anything undone: ECS may have been quicker."""
    return course.seen.verdict if course.seen.undone is not None and course.said is Said.REFUSED else None


def _until_restored(moment: float | None, of_new: Sequence[Sample], failed: Sequence[Sample]) -> float | None:
    """From that moment to the last answer of the new version and to the last failure."""
    if moment is None:
        return None
    after = [sample.ended for sample in (*of_new, *failed) if sample.ended > moment]
    return max(after, default=moment) - moment


def _own(course: Course) -> float | None:
    seen = course.seen
    if course.said is not Said.ACCEPTED or seen.started is None or seen.judged is None or course.baked is None:
        return None
    ecs = seen.migration + (seen.judged - seen.started) + seen.moving + seen.cleaning
    return course.ended - course.began - ecs - course.baked
