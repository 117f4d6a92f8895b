# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What people call what the code has names for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastbreak_service.movement.curves import HIPS
from fastbreak_service.movement.values import KINDS, Cut, Legs, Name, Reason, Side, Status, Unit

if TYPE_CHECKING:
    from fastbreak_service.movement.values import Deceleration, Movement, Reference

MEASURES: dict[str, str] = {
    Name.KNEE_FLEXION_AT_CONTACT: "Knee flexion at contact",
    Name.PEAK_KNEE_FLEXION: "Peak knee flexion",
    Name.KNEE_FLEXION_EXCURSION: "Knee flexion, from contact to peak",
    Name.PEAK_HIP_FLEXION: "Peak hip flexion",
    Name.TRUNK_LEAN: "Trunk lean at the deepest frame",
    Name.KNEE_PROJECTION_ANGLE: "Knee projection angle (positive: inward)",
    Name.KNEE_SEPARATION: "Knee separation, of the hips' distance",
    Name.PEAK_KNEE_FLEXION_DIFFERENCE: "Peak knee flexion, left less right",
    Name.KNEE_PROJECTION_ANGLE_DIFFERENCE: "Knee projection angle, left less right",
}
CURVES: dict[str, str] = {
    HIPS: "Height of the hips over that at contact, in body heights",
    Name.PEAK_KNEE_FLEXION: "Knee flexion, degrees",
    Name.PEAK_HIP_FLEXION: "Hip flexion, degrees",
    Name.KNEE_PROJECTION_ANGLE: "Knee projection angle, degrees (positive: inward)",
}
SIDES = {Side.LEFT: "left", Side.RIGHT: "right", Side.BOTH: ""}
STATUS = {
    Status.FOR_REVIEW: "for review",
    Status.NOT_CLEAR: "does not clear its reference",
    Status.NOT_ENOUGH_REPETITIONS: "not enough repetitions",
}
REASONS = {
    Reason.VIEW: "view",
    Reason.SIZE: "size in the picture",
    Reason.RATE: "frame rate",
    Reason.OCCLUSION: "hidden",
    Reason.GAP: "gap",
    Reason.LEVEL: "level",
    Reason.DOUBT: "errors add up",
    Reason.CAMERA: "camera",
}
LEGS = {Legs.SINGLE: "on one leg", Legs.DOUBLE: "on both legs", Legs.UNKNOWN: ""}
UNITS = {Unit.DEGREE: "°", Unit.PERCENT: " %"}


def amount(value: float, error: float | None, unit: Unit) -> str:
    """A value with its error."""
    return f"{value:.1f} ± {error or 0.0:.1f}{UNITS[unit]}"


def of_way(event: Cut | Deceleration) -> str:
    """What is told of a cut or a deceleration."""
    speeds = f"{event.speed_before:.2f} body heights a second before, {event.speed_after:.2f} after"
    if event.not_measurable is not None:
        return f"{speeds}; not measurable ({REASONS[event.not_measurable]}): {event.words}"
    if isinstance(event, Cut):
        return f"{speeds}; turned by {event.angle_degrees:.0f} ± {event.angle_error:.0f}° in the picture"
    return f"{speeds}; lost {event.lost:.1f} ± {event.lost_error:.1f} body heights a second in a second"


def against(reference: Reference, unit: Unit) -> str:
    """From which side of its limit a reference makes a value one for review."""
    return f"{'above' if reference.above else 'below'} {reference.limit:g}{UNITS[unit]}"


def looked(movement: Movement) -> str:
    """For how long each kind of event was looked for; empty where nothing tells."""
    by_kind = movement.looked_seconds
    if not by_kind:
        return ""
    told = ", ".join(f"{kind}s {by_kind.get(kind, 0.0):.1f} s" for kind in KINDS)
    return f"Looked for over all persons: {told}."
