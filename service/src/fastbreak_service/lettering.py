# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The command `letters`: see the dead letters, forget some, or have them analysed again. With a worker's own login."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fastbreak_service.footage.choice import footage_of
from fastbreak_service.footage.ports import FootageError
from fastbreak_service.letters_options import MOST
from fastbreak_service.messages.choice import queue_of
from fastbreak_service.messages.content import Message
from fastbreak_service.messages.ports import QueueError
from fastbreak_service.store.engine import ANSWER_SECONDS, make_engine
from fastbreak_service.store.failures import DATABASE_ERRORS, reason
from fastbreak_service.store.letters import NO_VIDEO, LetterError, Letters
from fastbreak_service.store.team_analyses import CONTRACT

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from uuid import UUID

    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.settings import WorkSettings
    from fastbreak_service.store.letters import Letter

_MOST_CHARACTERS = 200


def command(options: argparse.Namespace, settings: WorkSettings) -> int:
    """Do what is asked; the exit code."""
    ids = tuple(dict.fromkeys(getattr(options, "ids", ())))
    if len(ids) > MOST:
        return _complain(f"{len(ids)} ids are more than the {MOST} that may be named at once. Nothing was changed.", 2)
    try:
        footage = footage_of(settings.footage)
    except FootageError as error:
        return _complain(str(error), 2)
    engine = make_engine(settings.database, answer_seconds=ANSWER_SECONDS, connections=1)
    try:
        letters = Letters(engine, footage.place)
        if options.verb == "list":
            return _list(letters)
        if options.verb == "forget":
            return _each(ids, "forgotten", letters.forget)
        return _each(ids, "given back", lambda one: _give_back(letters, footage, settings, one))
    except DATABASE_ERRORS as error:
        owner = settings.database
        where = f"{owner.name} on {owner.host}:{owner.port}"
        return _complain(f"The dead letters of {where} were not read or changed: {reason(error).rstrip('.')}.", 1)
    finally:
        engine.dispose()
        footage.close()


def _list(letters: Letters) -> int:
    count, found = letters.newest(MOST)
    for one in found:
        print(_line(one))
    more = f", of which these are the {MOST} newest" if count > len(found) else ""
    print(f"dead letters: {count}{more}")
    return 0


def _line(one: Letter) -> str:
    lacks = f", {one.missing} parts missing" if one.missing else ""
    tries = f"tried {one.takes} times, failed {one.failures}"
    why = " ".join(one.reason.split())
    short = why if len(why) <= _MOST_CHARACTERS else f"{why[:_MOST_CHARACTERS]}..."
    return f"{one.analysis} {one.dead_at:%Y-%m-%dT%H:%M:%SZ} {one.status}{lacks}; {tries}: {short}"


def _each(ids: tuple[UUID, ...], done: str, act: Callable[[UUID], None]) -> int:
    """Do it to each, whatever becomes of the others; 1 when one was left as it is."""
    code = 0
    for one in ids:
        try:
            act(one)
        except (LetterError, FootageError) as error:
            code = _complain(f"The dead letter {one} was not {done}: {str(error).rstrip('.')}.", 1)
        else:
            print(f"the dead letter {one} was {done}", flush=True)
    return code


def _give_back(letters: Letters, footage: Footage, settings: WorkSettings, analysis: UUID) -> None:
    letters.check(analysis)
    if footage.arrivals.size(analysis) is None:
        raise LetterError(NO_VIDEO)
    letters.give_back(analysis)
    if (queue := queue_of(settings.queue)) is not None:
        try:
            queue.send([Message(CONTRACT, analysis)])
        except QueueError as error:
            # Workers look at the database now and then all the same.
            print(f"workers find {analysis} later than usual: {error}", flush=True)


def _complain(sentence: str, code: int) -> int:
    print(f"fastbreak-service: {sentence}", file=sys.stderr, flush=True)
    return code
