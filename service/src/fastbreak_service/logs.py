# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""One JSON object a line on standard output, for this code's events and the libraries' alike."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor


def configure(level: str, version: str) -> None:
    """Set up logging for the process. What is bound with structlog's contextvars (the request id) is on each line."""
    structlog.contextvars.bind_contextvars(version=version)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _say_what_is_wrong_alone,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # The middleware logs each request once, with its id and duration; uvicorn's own line would be a second one.
    logging.getLogger("uvicorn.access").disabled = True
    # At level DEBUG it would log what Secrets Manager answers, passwords and all.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    # At every look at the schema's revision, which is at every /readyz, it tells what kind of database this is.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _say_what_is_wrong_alone(_: object, __: str, event: EventDict) -> EventDict:
    """Cut what the database says beside its sentence: DETAIL and CONTEXT hold rows, so names, notes and subjects."""
    told = event.get("exc_info")
    error = sys.exception() if told is True else told[1] if isinstance(told, tuple) else told
    for one in _with_causes(error if isinstance(error, BaseException) else None):
        if (said := _sentence(one)) is not None:
            one.args = (said,)
        elif (said := _sentence(inner := getattr(one, "orig", None))) is not None:
            one.args = (f"({type(inner).__name__}) {said}",)
    return event


def _sentence(error: object) -> str | None:
    # This module is loaded where no database is, so it knows no class of the driver.
    return getattr(getattr(error, "diag", None), "message_primary", None)


def _with_causes(error: BaseException | None) -> list[BaseException]:
    """An error, and all that would be told with it."""
    found: list[BaseException] = []
    left = [error]
    while left:
        one = left.pop()
        if one is not None and one not in found:
            found.append(one)
            left += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    return found
