# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``age``: how long ago the image was created, as each platform's config says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf, isfinite
from typing import TYPE_CHECKING, ClassVar

from ..._common.amount import amount
from ..._common.verdict import Verdict
from .model import SHOWN, Gate, Judgement, of_platforms
from .told_time import show_time, time_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..._common.time_span import TimeSpan
    from ..values import SourceImage
    from .model import Options
    from .subject import ConfigReading, Subject

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d{1,12})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
# Image formats are younger than that: an older date is fixed, and was put there by a reproducible build.
_FIRST_YEAR = 2013
#: Ten years. No image that is in use is older, nor waits for longer.
_MOST_HOURS = 87_600
#: A shorter time than it takes to build and promote an image keeps none out.
_LEAST_HOURS = 1 / 60
#: How far the clock of whoever builds images may be ahead of the registries'.
_AHEAD = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AgePolicy:
    """How long ago the image must and may have been created, in hours; None: any."""

    minimum_hours: float | None = None
    maximum_hours: float | None = None


class Age(Gate[AgePolicy, "tuple[ConfigReading, ...]"]):
    """Not too young and not too old. A time that is not known does not pass."""

    name = "age"
    options: ClassVar[Options] = {"minimum_hours": {"type": "float"}, "maximum_hours": {"type": "float"}}

    def problems(self, options: Options) -> Iterator[str]:
        """A limit that nothing could fail, or that nothing could pass."""
        least, most = options["minimum_hours"], options["maximum_hours"]
        if least is None and most is None:
            yield "gates.age has neither 'minimum_hours' nor 'maximum_hours', so that nothing could fail"
        if any(hours is not None and not isfinite(hours) for hours in (least, most)):
            yield "gates.age counts hours in numbers that end, not in infinity or none"
        if most is None and least is not None and 0 <= least < _LEAST_HOURS:
            yield (
                f"gates.age has minimum_hours {least:g}, which is less than a minute, and no maximum_hours, so that "
                "nothing could fail"
            )
        for name, hours in (("minimum_hours", least), ("maximum_hours", most)):
            if hours is not None and _MOST_HOURS < hours < inf:
                fails = "pass" if name == "minimum_hours" else "fail"
                yield f"gates.age.{name} {hours:g} is above {_MOST_HOURS} (ten years), so that nothing could {fails}"
        if (least or 0) < 0 or (most or 0) < 0:
            yield "gates.age counts hours from 0"
        if least is not None and most is not None and least > most:
            yield f"gates.age.minimum_hours {least:g} is above maximum_hours {most:g}"

    def read(self, options: Options) -> AgePolicy:
        """The limits."""
        return AgePolicy(options["minimum_hours"], options["maximum_hours"])

    def measure(self, _policy: AgePolicy, subject: Subject) -> tuple[ConfigReading, ...]:
        """The config of each platform's image."""
        return subject.configs

    def assess(
        self, policy: AgePolicy, measured: tuple[ConfigReading, ...], _image: SourceImage, now: TimeSpan
    ) -> Judgement:
        """Each platform's age at *now*."""
        return of_platforms(_judge(policy, config, now) for config in measured)

    def expect(self, policy: AgePolicy, _image: SourceImage) -> str:
        """The limits in words."""
        limits = [
            f"{words} {amount(hours, 'hour')} ago"
            for words, hours in (("at least", policy.minimum_hours), ("at most", policy.maximum_hours))
            if hours is not None
        ]
        return f"created {' and '.join(limits) or 'at a known time'}"


def _judge(policy: AgePolicy, config: ConfigReading, now: TimeSpan) -> Judgement:
    if config.problem:
        return Judgement(Verdict.ERROR, f"{config.image}: {config.problem}")
    if not config.created:
        return Judgement(Verdict.INCONCLUSIVE, f"{config.image}: its config does not say when it was created")
    created = parse_time(config.created)
    if created is None:
        text = f"{config.created[:SHOWN]!r} is not a time of RFC 3339"
        return Judgement(Verdict.INCONCLUSIVE, f"{config.image}: its config's `created` {text}")
    if created.year < _FIRST_YEAR:
        return Judgement(
            Verdict.INCONCLUSIVE,
            f"{config.image}: created {show_time(created)}, the fixed date of a reproducible build, not the time it "
            "was made; build with SOURCE_DATE_EPOCH set to the commit's time, or switch the gate off",
        )
    return _judge_age(policy, f"{config.image}: created {show_time(created)}, ", created, now)


def _judge_age(policy: AgePolicy, seen: str, created: datetime, now: TimeSpan) -> Judgement:
    if problem := time_problem(now):
        return Judgement(Verdict.INCONCLUSIVE, f"{seen}but {problem}")
    if created - now.earliest > _AHEAD:
        ahead = _hours(created - now.earliest)
        return Judgement(Verdict.UNHEALTHY, f"{seen}{ahead:.1f} hours in the future; look at the clocks")
    least, most = (max(0.0, _hours(moment - created)) for moment in (now.earliest, now.latest))
    # `not >=` rather than `<`: nothing is inside a limit that is no number.
    too_young = policy.minimum_hours is not None and not least >= policy.minimum_hours
    too_old = policy.maximum_hours is not None and not most <= policy.maximum_hours
    text = (
        f"{most if too_old else least:.1f} hours ago"
        + (", too young" if too_young else "")
        + (", too old" if too_old else "")
    )
    return Judgement(Verdict.UNHEALTHY if too_young or too_old else Verdict.HEALTHY, seen + text)


def _hours(passed: timedelta) -> float:
    return passed.total_seconds() / 3600


def parse_time(text: str) -> datetime | None:
    """The time that *text* writes as RFC 3339 does, in UTC to the microsecond; None when it does not."""
    match = _TIME.fullmatch(text)
    if not match:
        return None
    day, clock, fraction, zone = match.groups()
    try:
        zone = "+00:00" if zone in ("Z", "z") else zone
        return datetime.fromisoformat(f"{day}T{clock}{(fraction or '.0')[:7].ljust(7, '0')}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
