# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the command `analyze` is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastbreak_service.body_heights import body_height
from fastbreak_service.people.options import merge, split

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
        help="how tall a person is, by the report's number: writes their landmarks in metres (TRC) into FOLDER too",
    )
    analyze.add_argument(
        "--merge",
        action="append",
        default=[],
        type=merge,
        metavar="PERSON,PERSON",
        help="persons who are one, by the numbers without this option, or those of --split",
    )
    analyze.add_argument(
        "--split",
        action="append",
        default=[],
        type=split,
        metavar="PERSON@SECONDS",
        help="a person who is another from then on, who gets the next free number",
    )
