# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The command `correct`: who is who in a report that was written, without a database and without a network.

What was said is kept in the report's folder by its version, as the service keeps it, and undone by it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from fastbreak_service.earlier import held_against, of_content
from fastbreak_service.errors import AnalysisError
from fastbreak_service.people.corrections import FromFrame, seen_in
from fastbreak_service.people.history import Undo, all_said, already, following, standing, undone
from fastbreak_service.people.options import NEWEST
from fastbreak_service.reporting import films, folder, kept, parquet
from fastbreak_service.reporting.exchange import recover
from fastbreak_service.reporting.faces import Faces, covered
from fastbreak_service.reporting.kept import Kept, NotKeptError
from fastbreak_service.retelling import retold
from fastbreak_service.video.frames import VideoReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from fastbreak_service.people.corrections import Asked
    from fastbreak_service.people.history import Entries
    from fastbreak_service.retelling import Told
    from fastbreak_service.video.limits import Limits


class Wishes(Protocol):
    """What the command line asks for: a report's folder, what is said of who is who, and the clip if it is there."""

    folder: Path
    who_is_who: list[Asked | Undo]
    footage: Path | None
    body_height: list[tuple[int, float]]


def command(options: Wishes, limits: Limits, tell: Callable[[str], None], complain: Callable[[str, int], int]) -> int:
    """Run it; its exit code. What ends it midway leaves the report as it was."""
    try:
        run(options, limits, tell)
    except NotKeptError as error:
        return complain(str(error), 2)
    except AnalysisError as error:
        return complain(f"{options.folder}: {error.message} [{error.code}]", 1)
    except BrokenPipeError:
        raise
    except OSError as error:
        return complain(f"{error.filename or options.folder} could not be read or written: {error.strerror}.", 1)
    return 0


def run(options: Wishes, limits: Limits, tell: Callable[[str], None]) -> None:
    """Correct a report, and tell what was said so far and what was written.

    Raises NotKeptError for a folder that is none, AnalysisError for what cannot be, OSError.
    """
    recover(options.folder)
    with alone(options.folder):
        known = kept.read(options.folder)
        if known.wanted.as_parquet and (problem := parquet.problem()):
            raise NotKeptError(f"The report has {parquet.NAME}, which has to be written anew, and {problem}")
        heights = {**known.wanted.body_heights, **dict(options.body_height)}
        entries, lines = _entries(known, options.who_is_who)
        now = replace(known, entries=entries, wanted=replace(known.wanted, body_heights=heights))
        if now != known or options.footage is not None:
            lines += _written(options, now, limits)
    tell("\n".join([*history(entries), *lines]))


def history(entries: Entries) -> list[str]:
    """What was said so far, in lines."""
    gone = undone(entries)
    return [
        f"{version}: {said.words}{' (undone)' if version in gone else ''}" for version, said in sorted(entries.items())
    ] or ["Nobody has said who is who in this report."]


def _entries(known: Kept, said: Sequence[Asked | Undo]) -> tuple[Entries, list[str]]:
    """All that was said with this, and what of it was said before, in lines."""
    seen = seen_in(list(known.raw.sightings()))
    entries, lines = dict(known.entries), list[str]()
    timed = [one.timed(seen) if isinstance(one, FromFrame) else one for one in said]
    if said and all_said(entries, timed):
        return entries, ["Nothing new: all of it stands."]
    for asked in timed:
        one = _newest(entries) if asked == NEWEST else asked
        if version := already(entries, one):
            lines.append(f"Nothing new: {entries[version].words}")
            continue
        entries[len(entries) + 1] = following(seen, entries, one)
    return entries, lines


def _newest(entries: Entries) -> Undo:
    known = standing(entries)
    if not known:
        raise AnalysisError("wrong_persons", "No correction stands in this report, so none can be undone.")
    return Undo(max(known))


def _written(options: Wishes, now: Kept, limits: Limits) -> list[str]:
    faces = Faces()
    told = retold(now.raw, list(standing(now.entries).values()), now.video, now.model, faces.add)
    told, said = _held(told, now)
    video = (options.folder / films.ANNOTATED).exists()
    if options.footage is None:
        return said + folder.write_again(options.folder, now, told, None, video=video)
    with options.footage.open("rb") as clip:
        sha256 = hashlib.file_digest(clip, "sha256").hexdigest()
    if sha256 != now.origin.sha256:
        raise AnalysisError(
            "other_footage",
            f"{options.footage} is not the clip of the report: its SHA-256 is {sha256}, and that of "
            f"{now.origin.filename} was {now.origin.sha256}. Nothing was changed.",
        )
    frames = VideoReader(options.footage, limits)
    shown = covered(frames, faces) if now.wanted.blur_faces else frames
    return said + folder.write_again(options.folder, now, told, shown, video=video)


def _held(told: Told, now: Kept) -> tuple[Told, list[str]]:
    """The same with what differs from a player's own, if the report was made with that, and why nothing does."""
    if now.wanted.against is None:
        return told, []
    try:
        against = of_content(now.wanted.against)
    except (KeyError, TypeError, ValueError) as error:
        raise NotKeptError(f"What the report keeps of the player's earlier ones is none ({error}).") from error
    movement, said = held_against(told.movement, against, now.origin.sha256, now.model)
    return replace(told, movement=movement), [said] if said else []


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """One correction of a folder after the other. Raises NotKeptError, OSError."""
    try:
        held = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotKeptError(f"There is no folder {place} with a report.") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(held), place.stat()):
            raise BlockingIOError  # noqa: TRY301 - another one took its place meanwhile
        yield
    except BlockingIOError as error:
        raise AnalysisError("busy", "Somebody else corrects this report just now. Say it again then.") from error
    finally:
        os.close(held)
