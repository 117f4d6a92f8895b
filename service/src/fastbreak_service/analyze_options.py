# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the command `analyze` is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastbreak_service.body_heights import body_height
from fastbreak_service.people.options import NEWEST, exchange, merge, split, undo
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
    _add_baseline(analyze)


def add_correct_options(correct: argparse.ArgumentParser) -> None:
    """Give the command that corrects a report its folder and its options."""
    correct.add_argument("folder", type=Path, metavar="FOLDER", help="of a report, as analyze --out wrote it")
    _add_who_is_who(correct)
    correct.add_argument(
        "--undo",
        action="append",
        dest="who_is_who",
        nargs="?",
        const=NEWEST,
        type=undo,
        metavar="NUMBER",
        help="what was said does not stand any more; without a number the newest; in order with the others",
    )
    correct.add_argument(
        "--footage", type=Path, metavar="FILE", help="the clip, to take pictures and make the films anew by it"
    )
    correct.add_argument(
        "--body-height",
        action="append",
        default=[],
        type=body_height,
        metavar="PERSON=METRES",
        help="how tall a person is: their landmarks (TRC) are in metres then",
    )


def _add_who_is_who(analyze: argparse.ArgumentParser) -> None:
    """Options that are followed in the order in which they are given, each by the numbers that those before it left."""
    for name, read, form, told in (
        ("--merge", merge, "PERSON,PERSON", "persons who are one, who keeps the smallest number"),
        ("--split", split, "PERSON@TIME", "a person who is another from then on, who gets the next free number"),
        ("--exchange", exchange, "PERSON,PERSON@TIME", "two who have each other's number from then on"),
    ):
        analyze.add_argument(
            name,
            action="append",
            dest="who_is_who",
            default=[],
            type=read,
            metavar=form,
            help=f"{told}; in order; TIME: 4.9 or 147f",
        )


def _add_baseline(analyze: argparse.ArgumentParser) -> None:
    """Options that hold a player's landings against earlier ones of the same player."""
    analyze.add_argument(
        "--baseline",
        action="extend",
        nargs="+",
        default=[],
        metavar="FOLDER[:PERSON]",
        help="folders that --out wrote of earlier clips of the same player, the newest first, after FILE",
    )
    analyze.add_argument(
        "--player",
        type=int,
        metavar="PERSON",
        help="which person of FILE the --baseline is of, where several land",
    )


def problem_of(options: argparse.Namespace) -> str | None:
    """Why what is asked for cannot be done, None when it can."""
    return _no_report(options) or _no_baseline(options)


def _no_baseline(options: argparse.Namespace) -> str | None:
    """Why nobody can be held against a baseline as it is asked for, None when somebody can, or when none is."""
    if options.player is not None and not options.baseline:
        return "--player says who of FILE a --baseline is of; say with --baseline where earlier reports are."
    if options.baseline and not (options.movement or options.out):
        return "--baseline is of landings; say --movement, or --out for a report."
    return None


def _no_report(options: argparse.Namespace) -> str | None:
    """Why the report that is asked for cannot be made, None when it can, or when none is."""
    if options.out is None:
        told = "--video, --blur-faces, --parquet and --body-height are of a report; say with --out where it is to be."
        return told if options.video or options.blur_faces or options.parquet or options.body_height else None
    persons = [person for person, _metres in options.body_height]
    if twice := next((person for person in persons if persons.count(person) > 1), None):
        return f"--body-height of person {twice} is given twice; give it once."
    from fastbreak_service.reporting import folder, parquet  # noqa: PLC0415 - the other commands go without

    return (parquet.problem() if options.parquet else None) or folder.problem_of(options.out)
