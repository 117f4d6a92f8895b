# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Transactions that outlive the loss of their connection, and that they and others waited for each other."""

from __future__ import annotations

import time
from functools import wraps
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import DBAPIError

from fastbreak_service.store.failures import reason, was_deadlocked

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger()
# Whoever waits for an answer waits no longer for two of a server that hangs than for one.
_SOON_SECONDS = 5.0


def repeatable[**P, T](transaction: Callable[P, T]) -> Callable[P, T]:
    """Run a transaction once more, on a new connection when it lost its own: a failover ends them all at once.

    So it is when the server has ended it since it and others waited for each other: they are done by then. Only for
    what comes to the same however often it is run: when the connection is lost, the transaction may have been committed
    or not. One that waited for long before is not run again. Raises what the transaction raises, of the second try if
    there is one.
    """

    @wraps(transaction)
    def run(*arguments: P.args, **named: P.kwargs) -> T:
        begun = time.monotonic()
        try:
            return transaction(*arguments, **named)
        except DBAPIError as error:
            lost = error.connection_invalidated
            if not (lost or was_deadlocked(error)) or time.monotonic() - begun > _SOON_SECONDS:
                raise
            log.warning(
                "database connection lost, asked again" if lost else "database deadlock, asked again",
                reason=reason(error),
            )
        return transaction(*arguments, **named)

    return run
