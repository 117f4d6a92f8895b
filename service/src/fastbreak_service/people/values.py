# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is told of who is who."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What may be wrong with two numbers."""

    MAY_BE_ONE = "may_be_one"
    MAY_BE_EXCHANGED = "may_be_exchanged"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two persons by number, of whom something is in doubt at a time of the clip in seconds, and what to do."""

    kind: Kind
    person: int
    other: int
    seconds: float
    words: str


@dataclass(frozen=True, slots=True)
class People:
    """What somebody said of who is who, in sentences, and what is in doubt still."""

    corrections: list[str]
    doubts: list[Doubt]
