# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is said of a person's movement. Frames count from 0, times in seconds, lengths in body heights or pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

MOST_EVENTS = 2000
"""Of a clip. Ten players who land twenty times a minute have as many in ten minutes."""


class View(StrEnum):
    """From where a body is seen."""

    FRONTAL = "frontal"
    SAGITTAL = "sagittal"
    OBLIQUE = "oblique"
    UNKNOWN = "unknown"


class Legs(StrEnum):
    """On which legs somebody landed."""

    DOUBLE = "double"
    SINGLE = "single"
    UNKNOWN = "unknown"


class Side(StrEnum):
    """Whose side: the person's own."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


class Name(StrEnum):
    """The measures of a landing; `measures` defines them."""

    KNEE_FLEXION_AT_CONTACT = "knee_flexion_at_contact"
    PEAK_KNEE_FLEXION = "peak_knee_flexion"
    KNEE_FLEXION_EXCURSION = "knee_flexion_excursion"
    PEAK_HIP_FLEXION = "peak_hip_flexion"
    TRUNK_LEAN = "trunk_lean"
    KNEE_PROJECTION_ANGLE = "knee_projection_angle"
    KNEE_SEPARATION = "knee_separation"
    PEAK_KNEE_FLEXION_DIFFERENCE = "peak_knee_flexion_difference"
    KNEE_PROJECTION_ANGLE_DIFFERENCE = "knee_projection_angle_difference"


class Unit(StrEnum):
    """What a value is counted in."""

    DEGREE = "degree"
    PERCENT = "percent"


class Reason(StrEnum):
    """Why something was not measured."""

    VIEW = "view"
    SIZE = "size"
    RATE = "rate"
    OCCLUSION = "occlusion"
    GAP = "gap"
    LEVEL = "level"
    DOUBT = "doubt"
    CAMERA = "camera"


class Status(StrEnum):
    """What comes of a comparison with a reference."""

    FOR_REVIEW = "for_review"
    NOT_CLEAR = "not_clear"
    NOT_ENOUGH_REPETITIONS = "not_enough_repetitions"


@dataclass(frozen=True, slots=True)
class ViewEstimate:
    """A view and what it was told from: widths of shoulders and hips in lengths of the trunk.

    `degrees_from_frontal` is what the shoulders' width makes of a body of usual proportions.
    """

    view: View
    shoulder_ratio: float | None
    hip_ratio: float | None
    degrees_from_frontal: float | None


@dataclass(frozen=True, slots=True)
class Value:
    """A measure: value and error (95 %) in its unit and the frame that shows it, or why there is none."""

    measure: Name
    side: Side
    unit: Unit
    value: float | None
    error: float | None
    frame: int | None
    not_measurable: Reason | None
    words: str


@dataclass(frozen=True, slots=True)
class Landing:
    """A landing: the first frame with a foot on the ground, the frame of the lowest hips, and what was measured.

    `fall_speed` is the hips' greatest downward speed, in body heights a second. `rate` is in frames a second, and
    `height_pixels` what the body would have upright.
    """

    kind: Literal["landing"]
    contact_frame: int
    contact_seconds: float
    deepest_frame: int
    deepest_seconds: float
    legs: Legs
    fall_speed: float
    view: ViewEstimate
    rate: float
    height_pixels: float
    measures: list[Value]


@dataclass(frozen=True, slots=True)
class Jump:
    """A jump: the last frame with a foot on the ground, and flight and height with their errors, or why there are none.

    Height by the flight's time, g t²/8, where take-off and landing are at one level.
    """

    kind: Literal["jump"]
    takeoff_frame: int
    takeoff_seconds: float
    rise_speed: float
    landing_frame: int | None
    flight_seconds: float | None
    flight_error: float | None
    height_metres: float | None
    height_error: float | None
    not_measurable: Reason | None
    words: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A change of direction, and how large it is in the picture, in degrees with its error, or why it has no number.

    Speeds are in body heights a second, over .4 s before and after.
    """

    kind: Literal["cut"]
    frame: int
    seconds: float
    speed_before: float
    speed_after: float
    rate: float
    height_pixels: float
    angle_degrees: float | None
    angle_error: float | None
    not_measurable: Reason | None
    words: str


@dataclass(frozen=True, slots=True)
class Deceleration:
    """A loss of speed, in body heights a second in a second with its error, or why it has no number.

    Speeds are those of a cut.
    """

    kind: Literal["deceleration"]
    frame: int
    seconds: float
    speed_before: float
    speed_after: float
    rate: float
    height_pixels: float
    lost: float | None
    lost_error: float | None
    not_measurable: Reason | None
    words: str


type Event = Landing | Jump | Cut | Deceleration
KINDS = ("landing", "jump", "cut", "deceleration")
"""Of the events that are looked for."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What others published: values beyond `limit` (`above` or below it) are for review. `mark`: how it was read."""

    citation: str
    population: str
    limit: float
    above: bool
    mark: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A repetition in a finding: its value with error, and the frames that show it."""

    contact_frame: int
    frame: int
    value: float
    error: float
    clears: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A measure held against a reference over all repetitions. For review by somebody who knows the movement."""

    measure: Name
    side: Side
    unit: Unit
    status: Status
    words: str
    repetitions: int
    needed: int
    view: View
    rate: float
    reference: Reference
    shown: list[Shown]


@dataclass(frozen=True, slots=True)
class Moved:
    """What is said of one person's movement, in order of time."""

    person: int
    events: list[Landing | Jump | Cut | Deceleration]
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class Movement:
    """What is said of everybody. `left_out` counts events beyond the most that are kept of a clip.

    `looked_seconds`: by kind of event for how long it was looked for, over all persons: none in 0 s is not none made.
    """

    persons: list[Moved]
    left_out: int
    looked_seconds: dict[str, float] = field(default_factory=dict)
