# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The connection pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from fastbreak_service.settings import DatabaseSettings

# Short enough that a request is answered with 503, not left hanging, while the database is away or out of reach.
_CONNECT_SECONDS = 3
_UNACKNOWLEDGED_MILLISECONDS = 5000
_STATEMENT_MILLISECONDS = 15_000


def make_engine(settings: DatabaseSettings) -> Engine:
    """A pool that tests a connection before handing it out, so that it outlives a restart of the database."""
    url = sa.URL.create(
        "postgresql+psycopg",
        username=settings.user,
        password=settings.password,
        host=settings.host,
        port=settings.port,
        database=settings.name,
    )
    return sa.create_engine(
        url,
        pool_size=5,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "sslmode": settings.sslmode,
            "connect_timeout": _CONNECT_SECONDS,
            "tcp_user_timeout": _UNACKNOWLEDGED_MILLISECONDS,
            "application_name": "fastbreak-service",
            "options": f"-c statement_timeout={_STATEMENT_MILLISECONDS}",
        },
    )
