# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who is who, as a command line says it."""

from __future__ import annotations

import argparse
import re

from fastbreak_service.people.corrections import Exchange, Merge, Split

_NUMBER, _SECONDS = "([1-9][0-9]{0,5})", r"([0-9]{1,6}(?:\.[0-9]{1,6})?)"
_MERGE = re.compile(f"{_NUMBER}(?:,{_NUMBER})+", re.ASCII)
_SPLIT = re.compile(f"{_NUMBER}@{_SECONDS}", re.ASCII)
_EXCHANGE = re.compile(f"{_NUMBER},{_NUMBER}@{_SECONDS}", re.ASCII)


def merge(told: str) -> Merge:
    """The persons who are one, of `1,3`. Raises ArgumentTypeError."""
    persons = tuple(sorted({int(number) for number in told.split(",")})) if _MERGE.fullmatch(told) else ()
    if len(persons) < 2:
        raise argparse.ArgumentTypeError(f"{told} is not PERSON,PERSON such as 1,3, by the report's numbers")
    return Merge(persons)


def split(told: str) -> Split:
    """A person and the seconds from which on it is another, of `2@4.9`. Raises ArgumentTypeError."""
    found = _SPLIT.fullmatch(told)
    if found is None:
        raise argparse.ArgumentTypeError(f"{told} is not PERSON@SECONDS such as 2@4.9, by the report's numbers")
    return Split(int(found[1]), float(found[2]))


def exchange(told: str) -> Exchange:
    """Two persons and the seconds from which on each is the other, of `1,2@4.9`. Raises ArgumentTypeError."""
    found = _EXCHANGE.fullmatch(told)
    if found is None or found[1] == found[2]:
        raise argparse.ArgumentTypeError(
            f"{told} is not PERSON,PERSON@SECONDS such as 1,2@4.9, by the report's numbers"
        )
    return Exchange(int(found[1]), int(found[2]), float(found[3]))
