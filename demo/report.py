# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of the releases: one HTML file that needs no other, to be opened from disk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined

from demo.analysis import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from demo.analysis import Analysis, Series
    from demo.history import History
    from demo.load import Tally, Watched

TEMPLATE = "report.html.j2"
CHART_WIDTH, CHART_HEIGHT = 560, 120
FULL_DEGREES = 180.0


@dataclass(frozen=True)
class Analysed:
    """Footage that an environment analysed: what came back, and the angles to draw."""

    environment: str
    footage: str
    result: Analysis
    series: Sequence[Series]


@dataclass(frozen=True)
class Running:
    """What an environment serves now."""

    environment: str
    url: str
    image: str


@dataclass(frozen=True)
class Facts:
    """All that the report tells."""

    running: Sequence[Running]
    histories: Sequence[History]
    watched: Sequence[Watched]
    analysed: Sequence[Analysed]


def render(facts: Facts, *, moment: datetime) -> str:
    """The report's HTML, as of *moment*."""
    templates = Templates(
        loader=PackageLoader("demo", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template(TEMPLATE).render(
        moment=moment.strftime("%Y-%m-%d %H:%M UTC"),
        running=facts.running,
        releases=releases(facts),
        promotions=promotions(facts),
        watched=facts.watched,
        analysed=[(clip, sentence(clip.result), [chart(series) for series in clip.series]) for clip in facts.analysed],
        width=CHART_WIDTH,
        height=CHART_HEIGHT,
    )


def releases(facts: Facts) -> list[dict[str, Any]]:
    """Every recorded release of every environment, the newest first, with what users met meanwhile."""
    rows = [
        {
            **record,
            "environment": history.environment,
            "took": _took(record),
            "tally": _tally_of(facts.watched, history.environment, record),
        }
        for history in facts.histories
        for record in history.releases
    ]
    return sorted(rows, key=lambda row: str(row["started_at"]), reverse=True)


def promotions(facts: Facts) -> list[dict[str, Any]]:
    """Every recorded promotion, the newest first."""
    rows = [
        {**record, "environment": history.environment} for history in facts.histories for record in history.promotions
    ]
    return sorted(rows, key=lambda row: str(row["promoted_at"]), reverse=True)


def _took(record: Mapping[str, Any]) -> str:
    if not record["finished_at"]:
        return "not finished"
    started, finished = (datetime.fromisoformat(str(record[key])) for key in ("started_at", "finished_at"))
    return f"{(finished - started).total_seconds():.0f} s"


def _tally_of(watched: Sequence[Watched], environment: str, record: Mapping[str, Any]) -> Tally | None:
    """What users met while this very release was deployed; None when this run did not watch that."""
    started = datetime.fromisoformat(str(record["started_at"]))
    for deployment in watched:
        if (deployment.environment, deployment.tag) == (environment, record["version"]) and deployment.began <= started:
            return deployment.tally
    return None


@dataclass(frozen=True)
class Chart:
    """A line of an angle over time, in the coordinates of its drawing; `label` says what it shows in words."""

    label: str
    points: str


def chart(series: Series) -> Chart:
    """Draw *series*: time to the right over its whole length, 0 degrees at the bottom and 180 at the top."""
    if not series.points:
        return Chart(f"person {series.person}, {series.angle}: no measures", "")
    degrees = [value for _seconds, value in series.points]
    first, last = series.points[0][0], series.points[-1][0]
    length = (last - first) or 1.0
    points = " ".join(
        f"{(seconds - first) / length * CHART_WIDTH:.1f},{CHART_HEIGHT * (1 - value / FULL_DEGREES):.1f}"
        for seconds, value in series.points
    )
    label = f"{min(degrees):.0f}° to {max(degrees):.0f}° in {last - first:.1f} s"
    return Chart(f"person {series.person}, {series.angle.replace('_', ' ')}: {label}", points)
