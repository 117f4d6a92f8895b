# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the command `letters` may be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    import argparse

MOST = 15
"""So many are listed, and may be named at once: with what is said around them a task's last lines hold them all."""


def add_letters_options(letters: argparse.ArgumentParser) -> None:
    """What may be asked for."""
    verbs = letters.add_subparsers(required=True, metavar="VERB", dest="verb")
    verbs.add_parser("list", help=f"print the {MOST} newest, and how many there are")
    for verb, told in (("forget", "delete them; their analyses stay"), ("give-back", "have them analysed again")):
        which = verbs.add_parser(verb, help=told)
        which.add_argument("ids", nargs="+", type=UUID, metavar="ID", help="id of an analysis that is listed")
