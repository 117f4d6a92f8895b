# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Published values that measures of landings may be held against.

`mark` is how the source was read: "abstract" is the abstract or an excerpt of a page, not the whole paper. No reference
here tells who will be injured (Bahr 2016, Br J Sports Med: no screening test has the properties for that); Afonso 2022
finds no evidence that asymmetry raises risk. There is none for hip flexion (Leppänen 2017, Br J Sports Med, gives a
ratio for each 10 degrees, no limit), and none for knee separation, whose definition differs (`measures`).
"""

from __future__ import annotations

from fastbreak_service.movement.values import Legs, Name, Reference

_HERRINGTON = "Herrington and Munro 2010, Phys Ther Sport"
_HOWE = "Howe 2020"
_ABSTRACT = "abstract"

REFERENCES: dict[tuple[Name, Legs], Reference] = {
    (Name.PEAK_KNEE_FLEXION, Legs.DOUBLE): Reference(
        "Leppänen 2017, Am J Sports Med",
        "171 female basketball and floorball players, drop jumps, 3D: mean 83.1 degrees, so about half are below",
        83.1,
        above=False,
        mark=_ABSTRACT,
    ),
    (Name.KNEE_PROJECTION_ANGLE, Legs.DOUBLE): Reference(
        _HERRINGTON,
        "100 healthy persons, drop jumps, 2D: women 7 to 13, men 3 to 8 degrees",
        13.0,
        above=True,
        mark=_ABSTRACT,
    ),
    (Name.KNEE_PROJECTION_ANGLE, Legs.SINGLE): Reference(
        _HERRINGTON,
        "100 healthy persons, step landings on one leg, 2D: women 5 to 12, men 1 to 9 degrees",
        12.0,
        above=True,
        mark=_ABSTRACT,
    ),
    (Name.PEAK_KNEE_FLEXION_DIFFERENCE, Legs.DOUBLE): Reference(
        _HOWE, "39 persons, landings, 2D: the least detectable difference is 6 to 13 degrees", 13.0, True, _ABSTRACT
    ),
    (Name.KNEE_PROJECTION_ANGLE_DIFFERENCE, Legs.DOUBLE): Reference(
        _HOWE, "39 persons, landings, 2D: the least detectable difference is 6 to 13 degrees", 13.0, True, _ABSTRACT
    ),
}
