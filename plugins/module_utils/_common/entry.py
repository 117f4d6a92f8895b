# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of every module and its action plugin: `perform(params, context)` does the work, wherever it runs."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from .._errors import FastbreakError, RequestError
from .given import empty_problems, given_options, number_problems, shape_problems, text_problems
from .given_texts import repeated_problems, unicode_problems
from .interruption import interruptible
from .way_back import way_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .clock import Clock
    from .progress import Progress

INTERRUPTED = "The task was interrupted. What it had begun may go on in AWS; run it again to see and to go on."


@dataclass(frozen=True, slots=True)
class Context:
    """What a module is given besides its options.

    ``connect`` makes a boto3 client: of a service by its name, with the AWS options of one side of the task when these
    are given too.
    """

    connect: Callable[..., Any]
    clock: Clock
    progress: Progress
    check_mode: bool

    def client(self, service: str, region: str = "") -> Callable[[], Any]:
        """What makes a client of *service* with the task's own options when first needed; in *region* if given."""
        return partial(self.connect, service, {"region": region}) if region else partial(self.connect, service)


def _no_secrets(_options: Mapping[str, Any]) -> list[str]:
    return []


def _no_problems(_given: Mapping[str, Any]) -> list[str]:
    return []


# Characters that are shown of each end of a message that is longer than two of it.
_LONG = 5_000
#: The option that holds a problem that the caller knows already.
REFUSAL = "refusal"


@dataclass(frozen=True, slots=True)
class Entry:
    """A module: its options, the conditions across these, and its work.

    ``perform`` returns the task's result and raises `FastbreakError`. ``files`` are options that name a file, which
    the controller also looks for where a role keeps its files (``sign.token_file`` for one below another).
    ``secrets`` finds secrets that lie deeper in the options than Ansible looks. ``protecting`` are the options
    (``gates``, ``images.digest``) that must not be empty when they are given, nor anything below them, but for an
    empty text of ``empty_texts``. ``texts`` are names of options that hold a version, a tag or a digest, which must
    be text as they are given; no other option of text takes a number, true or false either, but for whole numbers
    of ``numerals``, which are names of options whose numbers nobody writes in two ways. ``given_problems`` finds what
    else is wrong with options as they are given. ``aws``: it has the options of every AWS module; ``aws_optional``:
    it may do its work without AWS. ``services`` are those that several hosts ask of, each in a process of its own:
    their models are read once for all.
    """

    argument_spec: Mapping[str, Any]
    perform: Callable[[dict[str, Any], Context], dict[str, Any]]
    cross_checks: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    secrets: Callable[[Mapping[str, Any]], list[str]] = _no_secrets
    protecting: tuple[str, ...] = ()
    empty_texts: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    numerals: tuple[str, ...] = ()
    given_problems: Callable[[Mapping[str, Any]], Iterable[str]] = _no_problems
    aws: bool = True
    aws_optional: bool = False
    services: tuple[str, ...] = ()

    def refuse(self, given: Mapping[str, Any]) -> None:
        """Raise RequestError when the options, as they were given and before Ansible converts them, cannot be meant.

        A problem that the caller knows already (the option ``refusal``) is told alone: it is in the words of where the
        options come from, and may be why they have the wrong type.
        """
        if REFUSAL in self.argument_spec and given.get(REFUSAL):
            raise RequestError(str(given[REFUSAL]))
        every = list(given_options(self.argument_spec, given))
        shapeless = list(shape_problems(every))
        problems = [
            *(shapeless or empty_problems(every, self.protecting, self.empty_texts)),
            *text_problems(every, self.texts),
            *number_problems(every, texts=self.texts, numerals=self.numerals),
            *repeated_problems(every),
            *unicode_problems(every),
            *self.given_problems(given),
        ]
        if problems:
            raise RequestError(
                "The task was refused because of its options; nothing was asked and nothing was changed: "
                + " ".join(f"({number}) {problem}." for number, problem in enumerate(problems, 1)),
                problems=problems,
            )


def answer(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The result of *work*, or of its failure: ``failed``, ``msg`` and the facts behind it. Nothing is raised."""
    try:
        with interruptible():
            return work()
    except FastbreakError as error:
        return {**error.details, "failed": True, "msg": f"{_readable(error.message)}{way_back(error.message)}"}
    except KeyboardInterrupt as interruption:
        return {"failed": True, "msg": " ".join((INTERRUPTED, *map(str, interruption.args)))}
    except Exception as error:  # noqa: BLE001 - a fault of ours is told in a sentence, instead of a traceback
        return {"failed": True, "msg": _readable(_fault(error)), "exception": traceback.format_exc()}


def _readable(message: str) -> str:
    """*message* without the middle of what nobody reads to its end, such as a whole file that an option was given."""
    left_out = len(message) - 2 * _LONG
    return message if left_out <= 0 else f"{message[:_LONG]} [{left_out} characters left out] {message[-_LONG:]}"


def _fault(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('/plugins/')[2]}, line {frame.lineno}"
    return (
        f"This is a fault of the collection fastbreak.aws and not of your input: {type(error).__name__}: {error} "
        f"({place}). What was changed until then is not known: run again with --check --diff to see. Please report "
        "it to the collection's issue tracker, with this message and what the same task prints with -vvv."
    )
