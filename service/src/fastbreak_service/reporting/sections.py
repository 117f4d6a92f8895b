# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The parts of the page below its findings."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from fastbreak_service.movement import errors
from fastbreak_service.movement.baseline import NEEDED_RECORDINGS, NEEDED_VALUES
from fastbreak_service.movement.references import REFERENCES
from fastbreak_service.reporting.plots import Bar, plot
from fastbreak_service.reporting.words import CURVES, MEASURES, REASONS, SIDES, amount, of_way

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastbreak_service.movement.curves import Curve
    from fastbreak_service.movement.values import Cut, Deceleration, Jump, Landing, Value
    from fastbreak_service.reporting.document import Document
    from fastbreak_service.reporting.pictures import Place, Shot

_DEFINITIONS = f"""Knee flexion: 180° less the angle hip, knee, ankle; a straight leg is 0. Hip flexion: the same
of shoulder, hip and knee.

Knee flexion at contact: what the last 0.1 s before it lead to at the moment of contact, on a straight line.

Knee projection angle: between the line from hip to knee, prolonged, and the line from knee to ankle, at the deepest
frame, seen from the front; positive when the knee is nearer to the other leg.

Contact: the first frame with a foot on the ground after the hips fell at 1.15 body heights a second or more. Deepest:
the middle of the frames in which the hips are lowest.

Cut: the way of the hips over the picture turns by 45° or more at 1 body height a second or more; the limits are our
own, and on the floor the angle is another. Deceleration: from 1.7 body heights a second it loses 2 a second or more
(3.5 m/s² at 1.75 m: Tuttle 2024, Sports Med, of basketball; read in the abstract).

View: told from how wide the shoulders look beside the trunk. Sagittal is within about 16° of a side view; frontal
cannot be told from 30° off the front.

Errors hold 95 % of what noise, view, frame rate and the moments of contact and of the deepest frame do to synthetic
figures. A measure whose error would be over
{errors.LARGEST_ERROR:g}° is none, and so is one of a body under {errors.LOWEST_HEIGHT:g} pixels.

For review: the value is beyond its reference by more than its error in at least three landings, and in more than half
of those measured.

Own range: where 95 % of a player's single landings of a next recording are expected, from at least {NEEDED_VALUES}
earlier landings in {NEEDED_RECORDINGS} recordings, with what varies between recordings and within them. What clears it
is beyond it by its own error and that of the earlier values.""".split("\n\n")


def count(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def picture(person: int, frame: int, shot: Shot, caption: str) -> str:
    """A frame that shows something, with its caption."""
    return (
        f'<figure><svg viewBox="0 0 {shot.width} {shot.height}" role="img" aria-label="person {person}, {caption}">'
        f'<use href="#shot-{person}-{frame}"/></svg><figcaption>{caption}</figcaption></figure>'
    )


def landing_pictures(person: int, landing: Landing, shots: Mapping[Place, Shot]) -> str:
    """The frames of contact and of the lowest hips."""
    moments = {"contact": landing.contact_frame, "deepest": landing.deepest_frame}
    found = [
        picture(person, frame, shots[person, frame], f"{word}, frame {frame}")
        for word, frame in moments.items()
        if (person, frame) in shots
    ]
    missing = [word for word, frame in moments.items() if (person, frame) not in shots]
    words = f'<p class="soft">No picture of {" and ".join(missing)} is shown.</p>' if missing else ""
    return f'<div class="pictures">{"".join(found)}</div>{words}'


def landing_card(person: int, landing: Landing, pictures: str, curves: Sequence[Curve]) -> str:
    """A landing: what was seen, pictures, curves, and every measure or why there is none."""
    turned = landing.view.degrees_from_frontal
    facts = (
        f"At {landing.contact_seconds:.2f} s, deepest {landing.deepest_seconds - landing.contact_seconds:.2f} s later "
        f"(frame {landing.deepest_frame}). Legs: {landing.legs}. View: {landing.view.view}"
        f"{'' if turned is None else f' (about {turned:.0f}° from the front)'}. "
        f"{landing.rate:g} frames a second, a body of {landing.height_pixels:.0f} pixels, hips falling at "
        f"{landing.fall_speed:.2f} body heights a second."
    )
    rows = "".join(_value_row(value) for value in landing.measures)
    return (
        f'<article class="card" id="event-{person}-{landing.contact_frame}">'
        f"<h3>Person {person}: landing in frame {landing.contact_frame}</h3><p>{facts}</p>"
        f'{pictures}<div class="plots">{_plots(landing, curves)}</div>'
        '<div class="scroll"><table><thead><tr><th>Measure</th><th>Side</th><th>Value ± error</th><th>Frame</th></tr>'
        f"</thead><tbody>{rows}</tbody></table></div></article>"
    )


def _value_row(value: Value) -> str:
    told = f"<tr><td>{MEASURES[value.measure]}</td><td>{SIDES[value.side]}</td>"
    if value.value is None:
        reason = "" if value.not_measurable is None else f" ({REASONS[value.not_measurable]})"
        return f'{told}<td colspan="2" class="soft">not measurable{reason}: {escape(value.words)}</td></tr>'
    return f'{told}<td class="number">{amount(value.value, value.error, value.unit)}</td><td>{value.frame}</td></tr>'


def _plots(landing: Landing, curves: Sequence[Curve]) -> str:
    deepest = landing.deepest_seconds - landing.contact_seconds
    drawn = []
    for name in dict.fromkeys(curve.name for curve in curves):
        same = [curve for curve in curves if curve.name == name]
        bars = [bar for value in landing.measures if value.measure == name and (bar := _bar(value, same[0]))]
        reference = next(
            (r for (measure, legs), r in REFERENCES.items() if (measure, legs) == (name, landing.legs)), None
        )
        svg = plot(CURVES[name], same, deepest, bars, reference.limit if reference else None)
        drawn += [f"<figure>{svg}<figcaption>{CURVES[name]}</figcaption></figure>"] if svg else []
    return "".join(drawn)


def _bar(value: Value, curve: Curve) -> Bar | None:
    """A value where its frame is in the curve. No rate tells: above 240 frames a second some are in no series."""
    if value.value is None or value.error is None or value.frame is None:
        return None
    seconds = curve.time_of(value.frame)
    return None if seconds is None else Bar(value.side, seconds, value.value, value.error)


def jump_card(person: int, jump: Jump) -> str:
    """A jump with its flight and height, or why there is none."""
    flight = (
        "" if jump.flight_seconds is None else f" Flight {jump.flight_seconds:.2f} ± {jump.flight_error or 0:.2f} s."
    )
    height = (
        f" not measurable: {escape(jump.words)}"
        if jump.height_metres is None
        else f" {jump.height_metres:.2f} ± {jump.height_error or 0:.2f} m, by the time of flight."
    )
    landed = "" if jump.landing_frame is None else f", landing in frame {jump.landing_frame}"
    return (
        f'<article class="card" id="jump-{person}-{jump.takeoff_frame}">'
        f"<h3>Person {person}: jump from frame {jump.takeoff_frame}</h3>"
        f"<p>At {jump.takeoff_seconds:.2f} s{landed}.{flight} Height:{height}</p></article>"
    )


def way_card(person: int, event: Cut | Deceleration) -> str:
    """A cut or a deceleration with its speeds, and its angle or loss, or why there is no number."""
    told = escape(of_way(event).removesuffix("."))
    return (
        f'<article class="card" id="{event.kind}-{person}-{event.frame}">'
        f"<h3>Person {person}: {event.kind} in frame {event.frame}</h3>"
        f"<p>At {event.seconds:.2f} s: {told}. {event.rate:g} frames a second, a body of "
        f"{event.height_pixels:.0f} pixels.</p></article>"
    )


def not_measured(found: Document) -> str:
    """What was not taken of landings, by reason, and what is never measured."""
    rows = "".join(
        f"<tr><td>{MEASURES[missing.measure]}</td><td>{SIDES[missing.side]}</td><td>{REASONS[missing.reason]}</td>"
        f'<td class="number">{missing.landings}</td><td class="soft">{escape(missing.words)}</td></tr>'
        for missing in found.not_measured
    )
    table = (
        '<div class="scroll"><table><thead><tr><th>Measure</th><th>Side</th><th>Reason</th><th>Landings</th>'
        f"<th>In words, of the first</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
    limits = "".join(f"<li>{escape(limit)}</li>" for limit in found.limits)
    return f"{table if rows else ''}<ul>{limits}</ul>"


def persons(found: Document) -> str:
    """Who was seen where, with how many events."""
    events = {moved.person: len(moved.events) for moved in found.movement.persons}
    rows = "".join(
        f"<tr><td>{person.id}</td><td>{person.frames}</td><td>{person.first_frame} to {person.last_frame}</td>"
        f"<td>{events.get(person.id, 0)}</td></tr>"
        for person in found.persons
    )
    return (
        '<div class="scroll"><table><thead><tr><th>Person</th><th>Frames</th><th>From and to</th><th>Events</th></tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
        if rows
        else "<p>Nobody was seen.</p>"
    )


def who_is_who(found: Document) -> str:
    """What somebody said of who is who, and what is in doubt."""
    said = [*found.people.corrections, *(doubt.words for doubt in found.people.doubts)]
    if not said:
        return ""
    about = (
        "Nobody is told apart by face, number or dress. Look at the frames, and run fastbreak-service correct on "
        "this report's folder with the options that are named where they are right, the last of them first."
    )
    return f'<p class="soft">{about}</p><ul>{"".join(f"<li>{escape(line)}</li>" for line in said)}</ul>'


def method(found: Document) -> str:
    """Definitions, and where the result comes from."""
    origin, video = found.origin, found.video
    definitions = "".join(f"<li>{definition}</li>" for definition in _DEFINITIONS)
    models = "".join(
        f"<li><code>{escape(m.name)}</code> SHA-256 <code>{escape(m.sha256)}</code></li>" for m in origin.models
    )
    damage = f" {count(video.decode_errors, 'decode error')}." if video.decode_errors else ""
    return (
        f"<ul>{definitions}</ul><p>Clip: <code>{escape(origin.filename)}</code>, SHA-256 "
        f"<code>{escape(origin.sha256)}</code>, completeness {video.completeness}.{damage}</p>"
        f"<p>Networks:</p><ul>{models}</ul><p>Release {escape(origin.version)}, commit {escape(origin.revision)}.</p>"
        '<p class="soft">This file shows persons; keep it as you keep the video. It asks for nothing from anywhere.</p>'
    )
