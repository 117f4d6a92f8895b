# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How tall somebody is, as a command line says it."""

from __future__ import annotations

import argparse
import re

_LOWEST, _HIGHEST = 0.5, 2.6
_FORM = re.compile(r"([1-9][0-9]{0,5})=([0-9]+(?:\.[0-9]+)?)", re.ASCII)


def body_height(told: str) -> tuple[int, float]:
    """A person's number and height in metres, of `PERSON=METRES`. Raises ArgumentTypeError."""
    found = _FORM.fullmatch(told)
    if found is None:
        raise argparse.ArgumentTypeError(f"{told} is not PERSON=METRES, such as 1=1.85, by the report's numbers")
    person, metres = int(found[1]), float(found[2])
    if not _LOWEST <= metres <= _HIGHEST:
        raise argparse.ArgumentTypeError(
            f"{told}: nobody is {metres:g} m tall; give metres from {_LOWEST} to {_HIGHEST}"
        )
    return person, metres
