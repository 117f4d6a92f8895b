# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The command line: `serve`, `work`, `migrate`, `rotate`, `letters`, `analyze FILE`, `correct FOLDER` and others.

Exit codes: 0 done; 1 the thing asked for failed (the video cannot be analysed, the database is away, not healthy);
2 the command or a setting is wrong; 75 a service could not be asked; 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from fastbreak_service import settings as config
from fastbreak_service.analyze_options import add_analyze_options, add_correct_options, problem_of
from fastbreak_service.environment import SettingsError
from fastbreak_service.letters_options import add_letters_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.store.administration import Administration
    from fastbreak_service.vision.precision import Precision

_PROGRESS_SECONDS = 1.0
_NOT_ASKED = 75


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.run
    try:
        return command(options)
    except SettingsError as error:
        return _complain(str(error), 2)
    except KeyboardInterrupt:
        return _complain("Interrupted.", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fastbreak-service", description="Joint angles of the persons in a video.")
    parser.add_argument("--version", action="version", version=f"fastbreak-service {_version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("serve", help="answer HTTP requests (settings: FASTBREAK_*)").set_defaults(run=_serve)
    commands.add_parser("work", help="analyse what is accepted, apart from serve").set_defaults(run=_work)
    commands.add_parser("migrate", help="bring the database to the newest schema").set_defaults(run=_migrate)
    restored = commands.add_parser("restored", help="erase again in a restored database, compare it")
    restored.add_argument("--take-over", action="store_true", help="put its rows in the place of the living database's")
    restored.set_defaults(run=_restored)
    commands.add_parser(
        "rotate", help="give the API, and the workers, another database user and password each"
    ).set_defaults(run=_rotate)
    _add_letters(commands.add_parser("letters", help="list, forget or give back work that was given up"))
    analyze = commands.add_parser("analyze", help="analyse one file, without a database")
    add_analyze_options(analyze)
    analyze.set_defaults(run=_analyze)
    correct = commands.add_parser("correct", help="say who is who in a report that analyze --out wrote")
    add_correct_options(correct)
    correct.set_defaults(run=_correct)
    golden = commands.add_parser("golden", help="what is found in known clips, as lines of JSON to compare releases by")
    _add_golden(golden)
    healthcheck = commands.add_parser("healthcheck", help="exit 0 when the service on this machine answers")
    healthcheck.add_argument("--worker", action="store_true", help="ask for the sign of life of a worker apart instead")
    healthcheck.set_defaults(run=_healthcheck)
    _add_probe(commands.add_parser("probe", help="send requests from here and print each answer as a line of JSON"))
    return parser


def _version() -> str:
    return os.environ.get("FASTBREAK_VERSION") or "unreleased"


def _add_letters(letters: argparse.ArgumentParser) -> None:
    add_letters_options(letters)
    letters.set_defaults(run=_letters)


def _add_golden(golden: argparse.ArgumentParser) -> None:
    golden.add_argument("clips", nargs="+", metavar="CLIP", help="a file, or an address of https")
    golden.add_argument(
        "--through", default="", metavar="URL", help="send the clips there, as to .../v1/analyses, and erase them again"
    )
    golden.add_argument(
        "--wait", type=float, default=600.0, metavar="SECONDS", help="how long each clip may take there"
    )
    golden.add_argument("--expect-version", default="", metavar="VERSION", help="whose answers count")
    _add_headers(golden)
    golden.set_defaults(run=_golden)


def _add_probe(probe: argparse.ArgumentParser) -> None:
    probe.add_argument("url", metavar="URL")
    probe.add_argument("--method", default="GET", choices=["GET", "HEAD"])
    probe.add_argument("--count", type=int, default=1, help="how many requests")
    probe.add_argument("--interval", type=float, default=0.5, metavar="SECONDS")
    probe.add_argument("--timeout", type=float, default=5.0, metavar="SECONDS", help="for each answer")
    _add_headers(probe)
    probe.add_argument("--keep", type=int, default=0, metavar="BYTES", help="how much of each body is printed")
    probe.set_defaults(run=_probe)


def _add_headers(command: argparse.ArgumentParser) -> None:
    """What requests have, and by which header answers name their version."""
    command.add_argument("--version-header", default="", metavar="NAME")
    command.add_argument("--header", action="append", default=[], metavar="NAME=VALUE")
    command.add_argument(
        "--header-secret",
        action="append",
        default=[],
        metavar="NAME=SECRET",
        help="a header whose value, or the credentials for a token, a secret of AWS Secrets Manager holds",
    )


def _header_problem(options: argparse.Namespace) -> str:
    """Which header has no value; empty when each has one."""
    for option, given, form in (
        ("--header", options.header, "NAME=VALUE"),
        ("--header-secret", options.header_secret, "NAME=SECRET"),
    ):
        if stray := next((header for header in given if "=" not in header), None):
            return f"{option} {stray} has no value; write {form}."
    return ""


def _complain(sentence: str, code: int) -> int:
    print(f"fastbreak-service: {sentence}", file=sys.stderr)
    return code


def _probe(options: argparse.Namespace) -> int:
    from fastbreak_service.held_headers import HeldHeaders  # noqa: PLC0415
    from fastbreak_service.probing import MOST_BODY, ProbeRequest, answers, problem_of  # noqa: PLC0415

    if problem := _header_problem(options):
        return _complain(problem, 2)
    request = ProbeRequest(
        options.method,
        options.url,
        options.count,
        options.interval,
        options.timeout,
        options.version_header,
        _pairs(options.header),
        max(0, min(options.keep, MOST_BODY)),
    )
    if problem := problem_of(request):
        return _complain(f"Nothing was sent: {problem}.", 2)
    for line in answers(request, held=HeldHeaders(_pairs(options.header_secret)).sent):
        print(line, flush=True)
    return 0


def _pairs(given: list[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, _equals, value in (header.partition("=") for header in given))


def _serve(_: argparse.Namespace) -> int:
    settings = config.service_settings(os.environ)
    from fastbreak_service.api.server import serve  # noqa: PLC0415 - the other commands start faster without it

    return _run(settings.work, lambda footage: serve(settings, footage), analyses=settings.worker_inside)


def _work(_: argparse.Namespace) -> int:
    settings = config.work_settings(os.environ, apart=True)
    from fastbreak_service.worker.assembly import work  # noqa: PLC0415

    return _run(settings, lambda footage: work(settings, footage))


def _run(settings: config.WorkSettings, process: Callable[[Footage], int], *, analyses: bool = True) -> int:
    """Run a process of the service once what it stands on is there."""
    from fastbreak_service.footage.choice import footage_of  # noqa: PLC0415
    from fastbreak_service.footage.ports import FootageError  # noqa: PLC0415
    from fastbreak_service.logs import configure  # noqa: PLC0415
    from fastbreak_service.vision.models import ModelError, verified  # noqa: PLC0415

    try:
        if analyses:
            verified(settings.analysis.models_directory)
        footage = footage_of(settings.footage)
    except (ModelError, FootageError) as error:
        return _complain(str(error), 2)
    configure(settings.log_level, settings.version)
    return process(footage)


def _migrate(_: argparse.Namespace) -> int:
    from fastbreak_service.administering import migrate  # noqa: PLC0415

    return migrate()


def _rotate(_: argparse.Namespace) -> int:
    settings = config.administration_settings(os.environ)
    if not settings.application_secret:
        return _complain("FASTBREAK_DATABASE_SECRET is not set: there is no secret to rotate. Nothing was changed.", 2)
    from fastbreak_service.administering import administer  # noqa: PLC0415

    return administer(settings, "given another password", _rotated)


def _letters(options: argparse.Namespace) -> int:
    settings = config.work_settings(os.environ, apart=True)
    from fastbreak_service.lettering import command  # noqa: PLC0415 - the other commands start faster without it

    return command(options, settings)


def _restored(arguments: argparse.Namespace) -> int:
    settings = config.restored_settings(os.environ)
    from fastbreak_service.administering import administer  # noqa: PLC0415
    from fastbreak_service.store.administration import administration  # noqa: PLC0415
    from fastbreak_service.store.restored import compared  # noqa: PLC0415
    from fastbreak_service.store.taken_over import Backup, taken_over  # noqa: PLC0415

    def work(restored: Administration) -> Iterator[str]:
        with administration(settings.living) as living:
            if arguments.take_over:
                yield from taken_over(living, restored, Backup(settings.backup, settings.moment))
            else:
                yield from compared(living, restored, settings.moment)

    return administer(settings.restored, "taken over" if arguments.take_over else "accepted", work)


def _rotated(database: Administration) -> Iterator[str]:
    for application in database.applications:
        result = database.rotate(application)
        if not result.rotated:
            yield f"another run rotated meanwhile, to user {result.after}; nothing was changed"
            continue
        how = "went on with a rotation that was interrupted, and rotated" if result.resumed else "rotated"
        kept = "the former keeps its password until the next rotation"
        yield f"{how} from user {result.before} to {result.after}; {kept}"


def _analyze(options: argparse.Namespace) -> int:
    settings = config.analysis_settings(os.environ)
    if problem := _unreadable(options.file) or problem_of(options):
        return _complain(problem, 2)
    from fastbreak_service.errors import AnalysisError  # noqa: PLC0415
    from fastbreak_service.video.probe import probe  # noqa: PLC0415

    # A report that is being written is taken away again, as by Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        probe(options.file, settings.limits)
        # Reading a file is quick and compiling the networks is not: a file that is refused does not wait for them.
        from fastbreak_service import analyzing, earlier  # noqa: PLC0415
        from fastbreak_service.vision.models import ModelError  # noqa: PLC0415

        try:
            against = earlier.against(options.player, options.baseline)
            settings = _precise(settings, options.precision)
            analyzing.run(options, settings, _progress(), print, against)
        except (ModelError, earlier.EarlierError) as error:
            return _complain(str(error), 2)
    except AnalysisError as error:
        return _complain(f"{options.file}: {error.message} [{error.code}]", 1)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _complain(f"{error.filename or options.file} could not be read or written: {error.strerror}.", 1)
    return 0


def _correct(options: argparse.Namespace) -> int:
    settings = config.analysis_settings(os.environ)
    if options.footage is not None and (problem := _unreadable(options.footage)):
        return _complain(problem, 2)
    from fastbreak_service.correcting import command  # noqa: PLC0415 - the other commands start faster without it

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return command(options, settings.limits, print, _complain)


def _precise(settings: config.AnalysisSettings, wanted: Precision | None) -> config.AnalysisSettings:
    """The settings with the precision that is asked for, or what this processor has instead, which is said."""
    from fastbreak_service.vision.precision import possible, spoken  # noqa: PLC0415

    wanted = wanted or settings.precision
    if words := spoken(wanted, possible(wanted)):
        print(f"fastbreak-service: {words}", file=sys.stderr)
    return replace(settings, precision=possible(wanted))


def _golden(options: argparse.Namespace) -> int:
    if options.through:
        return _golden_through(options)
    settings = config.analysis_settings(os.environ)
    from fastbreak_service.clips import ClipError  # noqa: PLC0415
    from fastbreak_service.golden import line_of  # noqa: PLC0415
    from fastbreak_service.vision.models import ModelError, PoseModel, verified  # noqa: PLC0415

    commit = os.environ.get("FASTBREAK_REVISION") or "unknown"
    try:
        models = verified(settings.models_directory)
        vision = PoseModel(settings.models_directory)
        for clip in options.clips:
            print(json.dumps(line_of(clip, vision, models, commit, settings.limits)), flush=True)
    except ModelError as error:
        return _complain(str(error), 2)
    except ClipError as error:
        return _complain(str(error), 1)
    return 0


def _golden_through(options: argparse.Namespace) -> int:
    """What a running service finds. Where it could not be asked, which says nothing of it, the exit code is 75."""
    from fastbreak_service.clips import ClipError  # noqa: PLC0415
    from fastbreak_service.held_headers import HeldHeaders  # noqa: PLC0415
    from fastbreak_service.served import Asked, NotAskedError, line_of  # noqa: PLC0415

    asked = Asked(
        options.through,
        options.wait,
        options.version_header,
        options.expect_version,
        _pairs(options.header),
        HeldHeaders(_pairs(options.header_secret)).sent,
    )
    if problem := _header_problem(options) or asked.problem:
        return _complain(f"Nothing was sent: {problem}", 2)
    commit = os.environ.get("FASTBREAK_REVISION") or "unknown"
    try:
        for clip in options.clips:
            print(json.dumps(line_of(clip, asked, commit)), flush=True)
    except NotAskedError as error:
        return _complain(str(error), _NOT_ASKED)
    except ClipError as error:
        return _complain(str(error), 1)
    return 0


def _unreadable(path: Path) -> str | None:
    """Why a file cannot be opened, None when it can."""
    try:
        path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        return f"There is no file {path}."
    except OSError as error:
        return f"{path} could not be read: {error.strerror}."
    return None


def _progress() -> Callable[[int], None]:
    spoken = time.monotonic()

    def say(frames: int) -> None:
        nonlocal spoken
        if time.monotonic() - spoken >= _PROGRESS_SECONDS:
            spoken = time.monotonic()
            print(f"{frames} frames analysed", file=sys.stderr, flush=True)

    return say


def _healthcheck(options: argparse.Namespace) -> int:
    from fastbreak_service import health  # noqa: PLC0415

    return health.main(worker=options.worker)
