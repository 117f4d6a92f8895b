# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the command `analyze` is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastbreak_service.body_heights import body_height
from fastbreak_service.people.options import exchange, merge, split
from fastbreak_service.vision.precision import Precision

if TYPE_CHECKING:
    import argparse


def add_analyze_options(analyze: argparse.ArgumentParser) -> None:
    """Give the command the file and its options."""
    analyze.add_argument("file", type=Path, metavar="FILE")
    analyze.add_argument("--json", action="store_true", help="print JSON with every measure instead of a table")
    analyze.add_argument("--movement", action="store_true", help="landings, jumps and what is for review of them too")
    analyze.add_argument(
        "--out", type=Path, metavar="FOLDER", help="write a report too: report.html, result.json, tables, OpenSim"
    )
    analyze.add_argument(
        "--video", action="store_true", help="write the clip with what was followed drawn over it into FOLDER too"
    )
    analyze.add_argument(
        "--blur-faces", action="store_true", help="show the faces of everybody who is followed in a few cells each"
    )
    analyze.add_argument("--parquet", action="store_true", help="write angles.parquet into FOLDER too (needs pyarrow)")
    analyze.add_argument(
        "--body-height",
        action="append",
        default=[],
        type=body_height,
        metavar="PERSON=METRES",
        help="how tall a person is, by the report's number: their landmarks (TRC) in FOLDER are in metres then",
    )
    analyze.add_argument(
        "--precision",
        choices=[*Precision],
        type=Precision,
        help="f32: the same figures on every processor; fast: bfloat16 where it has that (FASTBREAK_PRECISION)",
    )
    _add_who_is_who(analyze)


def _add_who_is_who(analyze: argparse.ArgumentParser) -> None:
    """Options that are followed in the order in which they are given, each by the numbers that those before it left."""
    for name, read, form, told in (
        ("--merge", merge, "PERSON,PERSON", "persons who are one, who keeps the smallest number"),
        ("--split", split, "PERSON@SECONDS", "a person who is another from then on, who gets the next free number"),
        ("--exchange", exchange, "PERSON,PERSON@SECONDS", "two who have each other's number from then on"),
    ):
        analyze.add_argument(
            name, action="append", dest="who_is_who", default=[], type=read, metavar=form, help=f"{told}; in order"
        )
