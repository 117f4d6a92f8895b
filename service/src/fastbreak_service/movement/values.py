# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is said of a person's movement. Frames count from 0, times in seconds, lengths in body heights or pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

DEFINITIONS = 2
"""How measures of landings are defined. Raise it with each change: values of other definitions are not compared."""
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
    `height_pixels` what the body would have upright. `definitions`: those by which it was measured.
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
    definitions: int = DEFINITIONS


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


class Unlike(StrEnum):
    """Why an earlier value is not compared."""

    VIEW = "view"
    RATE = "rate"
    NETWORK = "network"
    DEFINITION = "definition"
    COPY = "copy"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """So many earlier values of a measure were not compared, and why."""

    why: Unlike
    values: int


@dataclass(frozen=True, slots=True)
class Basis:
    """An earlier analysis in a baseline, by its id or folder: how many values, and their mean."""

    analysis: str
    values: int
    mean: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """A player's own range of a measure: from `low` to `high` 95 % of single landings of a next recording are expected.

    `mean` is that of the earlier analyses' means, `error` (95 %) that of the earlier values. View and rate are those of
    all that is compared.
    """

    legs: Legs
    view: View
    rate: float
    mean: float
    low: float
    high: float
    error: float
    values: int
    earlier: list[Basis]
    left_out: list[LeftOut]


@dataclass(frozen=True, slots=True)
class NoBaseline:
    """A measure of which there are too few earlier values for a range: how many of how many, and in how many analyses.

    `words` say it for people.
    """

    measure: Name
    side: Side
    legs: Legs
    view: View
    values: int
    values_needed: int
    analyses: int
    analyses_needed: int
    left_out: list[LeftOut]
    words: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A measure held against a reference over all repetitions. For review by somebody who knows the movement.

    `baseline`: the player's own range, where it is that and no published value; `reference` says the same of it.
    """

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
    baseline: Baseline | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What is said of one person's movement, in order of time. `no_baseline`: what could not be held against their own.

    That is empty, too, where nothing earlier of them was given.
    """

    person: int
    events: list[Landing | Jump | Cut | Deceleration]
    findings: list[Finding]
    no_baseline: list[NoBaseline] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Movement:
    """What is said of everybody. `left_out` counts events beyond the most that are kept of a clip.

    `looked_seconds`: by kind of event for how long it was looked for, over all persons: none in 0 s is not none made.
    `no_baseline`: why nobody was held against the baseline that was asked for; empty where none was, or somebody was.
    """

    persons: list[Moved]
    left_out: int
    looked_seconds: dict[str, float] = field(default_factory=dict)
    no_baseline: str = ""
