# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a read spares that comes after another: its token is not checked again, and nobody is pinged."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from fastbreak_service.api.app import Deadline, make_app
from fastbreak_service.footage.folder import Folder
from fastbreak_service.identity.tokens import Tokens
from fastbreak_service.settings import database_settings, service_settings
from fastbreak_service.store.engine import make_engine
from support.seeds import figure, put_analysis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from psycopg import Connection
    from sqlalchemy import Engine

    from support.issuer import Issuer

READS = ("/v1/analyses?limit=20", "/v1/analyses/{}", "/v1/analyses/{}/events", "/v1/analyses/{}/findings")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each of what is to be spared was done."""
    counted: Counter[str] = Counter()
    for owner, name in ((Tokens, "caller"), (PGDialect_psycopg, "do_ping")):
        _count(monkeypatch, counted, owner, name)
    return counted


def _count(monkeypatch: pytest.MonkeyPatch, counted: Counter[str], owner: type, name: str) -> None:
    original = getattr(owner, name)

    def noted(*arguments: Any, **named: Any) -> Any:
        counted[name] += 1
        return original(*arguments, **named)

    monkeypatch.setattr(owner, name, noted)


@pytest.fixture
def engine(migrated: dict[str, str], done: Counter[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The pool of the API, which counts too."""
    assert not done
    made = make_engine(database_settings(migrated))
    monkeypatch.setattr("fastbreak_service.api.app.make_engine", lambda *_, **__: made)
    yield made
    made.dispose()


def test_a_read_after_another_checks_no_token_and_pings_nobody(  # noqa: PLR0913, PLR0917 - all that it is about
    migrated: dict[str, str],
    database: Connection,
    issuer: Issuer,
    tmp_path: Path,
    engine: Engine,
    done: Counter[str],
) -> None:
    environment = {**migrated, **issuer.settings, "FASTBREAK_WORKER": "apart", "FASTBREAK_FOOTAGE": str(tmp_path)}
    app = make_app(service_settings(environment), Folder.lasting(tmp_path), Deadline(1))
    known = put_analysis(database, figure(), "hawks")
    headers = {"authorization": f"Bearer {issuer.token()}"}

    async def read() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers) as client:
            for path in READS:
                (await client.get(path.format(known))).raise_for_status()

    asyncio.run(read())
    assert done["caller"] == 1
    done.clear()
    asyncio.run(read())
    assert not done
    # That is counted: whoever is no caller pings.
    engine.connect().close()
    assert done == {"do_ping": 1}
