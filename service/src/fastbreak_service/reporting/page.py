# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The page for people: one file, which asks for nothing else and runs no program."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from fastbreak_service.movement.values import Cut, Deceleration, Jump, Landing, Status
from fastbreak_service.reporting import films, pictures, sections, words
from fastbreak_service.reporting.baselines import no_baselines
from fastbreak_service.reporting.findings import finding_card

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastbreak_service.movement.curves import Curve
    from fastbreak_service.movement.values import Event, Finding
    from fastbreak_service.reporting.document import Document
    from fastbreak_service.reporting.pictures import Place, Shot

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_ORDER = list(Status)
_NOBODY = "<p>No landing, jump, cut or deceleration was found, so nothing could be held against a reference.</p>"
_WHAT_IT_IS = (
    "For review by somebody who knows the movement. It says what was seen in one camera's picture; it is no diagnosis, "
    "and says nothing of anybody's risk."
)
_FILMS = (
    f'<p>To play: <a href="{films.ANNOTATED}">the clip with what was followed</a>, '
    f'<a href="{films.PROXY}">the clip alone</a>.</p>'
)
_OLD = '<p class="soft">The numbers in the first one are from before persons were corrected.</p>'


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows an event: pictures by person and frame, and curves by person and frame of contact.

    `films`: whether the clip to play lies beside the page; `films_old`: whether the numbers in it are old ones.
    """

    shots: Mapping[Place, Shot]
    curves: Mapping[Place, list[Curve]]
    films: bool = False
    films_old: bool = False


def page(found: Document, evidence: Evidence) -> str:
    """The whole page."""
    title = f"Movement in {escape(found.origin.filename)}"
    style = files("fastbreak_service.reporting").joinpath("style.css").read_text(encoding="utf-8")
    played = _FILMS * evidence.films + _OLD * evidence.films_old
    body = [
        _symbols(evidence),
        f'<header><h1>{title}</h1><p class="soft">{_WHAT_IT_IS}</p>{_summary(found)}{played}</header>',
        f"<main><section><h2>Findings</h2>{_findings(found, evidence)}</section>",
        f"<section><h2>Landings, jumps, cuts and decelerations</h2>{_KEY}{_events(found, evidence)}</section>",
        f"<section><h2>What was not measured</h2>{sections.not_measured(found)}{no_baselines(found)}</section>",
        f"<section><h2>Persons</h2>{sections.persons(found)}{sections.who_is_who(found)}</section>",
        f"<section><h2>How it was measured</h2>{sections.method(found)}</section></main>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head><body>{''.join(body)}</body></html>\n"
    )


_KEY = (
    '<p class="soft key">Lines are filtered, dots are what was seen in each frame, whiskers are errors (95 %). '
    '<b class="left">Blue: the left side.</b> <b class="right">Orange, dashed: the right side.</b></p>'
)


def _symbols(evidence: Evidence) -> str:
    drawn = "".join(
        pictures.symbol(f"shot-{person}-{frame}", shot) for (person, frame), shot in sorted(evidence.shots.items())
    )
    return f'<svg class="defs" aria-hidden="true"><defs>{drawn}</defs></svg>'


def _summary(found: Document) -> str:
    events = [event for moved in found.movement.persons for event in moved.events]
    raised = [finding.status for moved in found.movement.persons for finding in moved.findings]
    left_out = (
        f" {found.movement.left_out} more events at the end of the clip are left out."
        if found.movement.left_out
        else ""
    )
    video = found.video
    return (
        f"<p><strong>{sections.count(raised.count(Status.FOR_REVIEW), 'finding')} for review</strong>; "
        f"{raised.count(Status.NOT_ENOUGH_REPETITIONS)} with not enough repetitions, "
        f"{raised.count(Status.NOT_CLEAR)} that do not clear their reference. "
        f"{', '.join(_number_of(events, kind) for kind in (Landing, Jump, Cut, Deceleration))} of "
        f"{sections.count(len(found.persons), 'person')}.{left_out}</p>"
        f'<p class="soft">{video.width} by {video.height} pixels, {video.frames} frames, '
        f"{video.duration_seconds:.2f} s at {video.frames_per_second:.2f} frames a second. "
        f"{words.looked(found.movement)}</p>"
        + "".join(f"<p><strong>{escape(remark.words)}</strong></p>" for remark in video.remarks)
    )


def _number_of(events: list[Event], kind: type) -> str:
    return sections.count(sum(isinstance(event, kind) for event in events), kind.__name__.lower())


def _findings(found: Document, evidence: Evidence) -> str:
    raised = [(moved.person, finding) for moved in found.movement.persons for finding in moved.findings]
    if not raised:
        events = any(moved.events for moved in found.movement.persons)
        nothing = "<p>Nothing that was measured has a reference to be held against.</p>"
        return nothing if events else _NOBODY
    raised.sort(key=lambda one: (_ORDER.index(one[1].status), one[0]))
    return "".join(finding_card(person, finding, _shown_in(person, finding, evidence)) for person, finding in raised)


def _shown_in(person: int, finding: Finding, evidence: Evidence) -> dict[int, str]:
    """Pictures of a finding's repetitions by frame."""
    frames = dict.fromkeys(shown.frame for shown in finding.shown)
    return {
        frame: sections.picture(person, frame, evidence.shots[person, frame], f"frame {frame}")
        for frame in frames
        if (person, frame) in evidence.shots
    }


def _events(found: Document, evidence: Evidence) -> str:
    cards = [_card(moved.person, event, evidence) for moved in found.movement.persons for event in moved.events]
    return "".join(cards) or "<p>None was found.</p>"


def _card(person: int, event: Event, evidence: Evidence) -> str:
    if isinstance(event, Jump):
        return sections.jump_card(person, event)
    if isinstance(event, Cut | Deceleration):
        return sections.way_card(person, event)
    shown = sections.landing_pictures(person, event, evidence.shots)
    return sections.landing_card(person, event, shown, evidence.curves.get((person, event.contact_frame), []))
