# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who is who, as a command line says it."""

from __future__ import annotations

import argparse
import re

from fastbreak_service.people.corrections import Exchange, FromFrame, Merge, Split
from fastbreak_service.people.history import Undo

_NUMBER, _WHEN = "([1-9][0-9]{0,5})", r"(?:([0-9]{1,6}(?:\.[0-9]{1,6})?)|([0-9]{1,7})f)"
_MERGE = re.compile(f"{_NUMBER}(?:,{_NUMBER})+", re.ASCII)
_SPLIT = re.compile(f"{_NUMBER}@{_WHEN}", re.ASCII)
_EXCHANGE = re.compile(f"{_NUMBER},{_NUMBER}@{_WHEN}", re.ASCII)
NEWEST = Undo(0)
"""The newest correction that stands is to be undone."""


def merge(told: str) -> Merge:
    """The persons who are one, of `1,3`. Raises ArgumentTypeError."""
    persons = tuple(sorted({int(number) for number in told.split(",")})) if _MERGE.fullmatch(told) else ()
    if len(persons) < 2:
        raise argparse.ArgumentTypeError(f"{told} is not PERSON,PERSON such as 1,3, by the report's numbers")
    return Merge(persons)


def split(told: str) -> Split | FromFrame:
    """A person and the time from which on it is another, of `2@4.9` or `2@147f`. Raises ArgumentTypeError."""
    found = _SPLIT.fullmatch(told)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{told} is not PERSON@SECONDS such as 2@4.9, nor PERSON@FRAMEf such as 2@147f, by the report's numbers"
        )
    return _from(Split(int(found[1]), float(found[2] or 0)), found[3])


def exchange(told: str) -> Exchange | FromFrame:
    """Two persons and the time from which on each is the other, of `1,2@4.9`. Raises ArgumentTypeError."""
    found = _EXCHANGE.fullmatch(told)
    if found is None or found[1] == found[2]:
        raise argparse.ArgumentTypeError(
            f"{told} is not PERSON,PERSON@SECONDS such as 1,2@4.9, nor PERSON,PERSON@FRAMEf such as 1,2@147f, by the "
            "report's numbers"
        )
    return _from(Exchange(int(found[1]), int(found[2]), float(found[3] or 0)), found[4])


def undo(told: str) -> Undo:
    """The correction that is undone, of `2`. Raises ArgumentTypeError."""
    if re.fullmatch("[1-9][0-9]{0,5}", told, re.ASCII) is None:
        raise argparse.ArgumentTypeError(f"{told} is not the number of a correction such as 2")
    return Undo(int(told))


def _from[Timed: (Split, Exchange)](correction: Timed, frame: str | None) -> Timed | FromFrame:
    return correction if frame is None else FromFrame(correction, int(frame))
