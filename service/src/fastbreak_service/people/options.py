# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who is who, as a command line says it."""

from __future__ import annotations

import argparse
import re

_MERGE = re.compile(r"[1-9][0-9]{0,5}(?:,[1-9][0-9]{0,5})+", re.ASCII)
_SPLIT = re.compile(r"([1-9][0-9]{0,5})@([0-9]{1,6}(?:\.[0-9]{1,6})?)", re.ASCII)


def merge(told: str) -> tuple[int, ...]:
    """The persons who are one, of `1,3`. Raises ArgumentTypeError."""
    if not _MERGE.fullmatch(told):
        raise argparse.ArgumentTypeError(f"{told} is not PERSON,PERSON such as 1,3, by the report's numbers")
    return tuple(sorted({int(number) for number in told.split(",")}))


def split(told: str) -> tuple[int, float]:
    """A person and the seconds from which on it is another, of `2@4.9`. Raises ArgumentTypeError."""
    found = _SPLIT.fullmatch(told)
    if found is None:
        raise argparse.ArgumentTypeError(f"{told} is not PERSON@SECONDS such as 2@4.9, by the report's numbers")
    return int(found[1]), float(found[2])
