# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run is called by which others tell it apart: login@machine:process:token, in one word. Pure.

A login may hold whatever its system lets it. In one word it is found again in a sentence, and can be left out there.
"""

from __future__ import annotations

import re

_OTHERS = re.compile(r"[^\w.+-]+")
_OUTSIDE = re.compile(r"[^\w.+:-]+")


def run_name(login: str, machine: str, process: int, token: str) -> str:
    """The name of the run that *login* has on *machine*."""
    return f"{_OTHERS.sub('-', login) or 'user'}@{_OTHERS.sub('-', machine)}:{process}:{token}"


def in_one_word(name: str) -> str:
    """The *name* that a run gave itself, which may be one of before that is of several words."""
    login, at, rest = name.rpartition("@")
    return f"{_OTHERS.sub('-', login)}{at}{_OUTSIDE.sub('-', rest)}"
