# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The role in which a transaction for a caller runs: it sees and writes the rows of one team alone.

The database's policies hold it to that (row-level security), whatever a query forgets. Workers, and releases that know
no teams, are other roles.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastbreak_service.store.engine import asked_by, asking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

SETTING = "fastbreak.team"
"""The setting of a transaction that the policies read. Without it there are no rows."""
_ENDING = "_caller"
# A name has 63 characters at most.
_KEPT = 63 - len(_ENDING)
_BECOME = (
    f"SELECT set_config('role', left(current_database(), {_KEPT}) || '{_ENDING}', true), "
    f"set_config('{SETTING}', %(team)s, true)"
)
_READ = f"{_BECOME}, set_config('statement_timeout', %(most)s, true)"
READ_SECONDS = 10.0
"""How long all of a transaction may take in which a caller reads."""
# So the server gives a statement up before its connection is given up.
_SOONER_SECONDS = 1.0


def caller_role(database: str) -> str:
    """The role's name in a database: roles belong to a whole server, which may have several."""
    return database[:_KEPT] + _ENDING


@contextmanager
def of_team(engine: Engine, team: str) -> Iterator[Connection]:
    """A transaction in which a team's rows are all that there is. Raises SQLAlchemy's errors."""
    # As the driver has it: before each statement of a caller, SQLAlchemy's part would take as long as the server's.
    with asked_by(engine, _BECOME, {"team": team}) as connection:
        yield connection


@contextmanager
def read_by_team(engine: Engine, team: str, *, as_of_one_moment: bool = False) -> Iterator[Connection]:
    """Likewise, for who waits for what is read: it ends soon, also when the database hangs in the middle of it.

    `as_of_one_moment` as of `asked_by`.
    """
    most = f"{(READ_SECONDS - _SOONER_SECONDS) * 1000:.0f}"
    with asked_by(
        engine, _READ, {"team": team, "most": most}, READ_SECONDS, as_of_one_moment=as_of_one_moment
    ) as connection:
        yield connection


@contextmanager
def read_for_caller(engine: Engine) -> Iterator[Connection]:
    """What the service reads with its own rights while a caller waits, who may wait no longer for it."""
    with asking(engine, READ_SECONDS) as connection:
        yield connection
