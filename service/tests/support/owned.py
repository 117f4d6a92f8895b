# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A database of an owner that is no superuser, as on RDS, and the application's secret."""

from __future__ import annotations

import secrets
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from fastbreak_service.settings import AdministrationSettings, DatabaseSettings, database_settings
from fastbreak_service.store.administration import Administration
from fastbreak_service.store.credentials import CURRENT, PENDING, Credentials, Version
from fastbreak_service.store.engine import open_connection

if TYPE_CHECKING:
    from support.postgres import Postgres


class Held:
    """The application's secret, in memory."""

    arn = "arn:of:it"

    def __init__(self, credentials: Credentials) -> None:
        self.versions = [Version("v1", credentials.document())]
        self.stages = {CURRENT: 0}

    def credentials(self) -> Credentials:
        return Credentials.parse(self.version(CURRENT).document, self.arn)

    def version(self, stage: str) -> Version:
        return self.versions[self.stages[stage]]

    def find_version(self, stage: str) -> Version | None:
        return self.version(stage) if stage in self.stages else None

    def propose(self, credentials: Credentials) -> Version:
        self.versions.append(Version(f"v{len(self.versions) + 1}", credentials.document()))
        self.stages[PENDING] = len(self.versions) - 1
        return self.versions[-1]

    def promote(self, version: Version, before: Version) -> None:
        assert self.version(CURRENT) == before
        self.stages[CURRENT] = self.versions.index(version)


class Place:
    """A database of an owner that RDS's master resembles: no superuser, but one who makes roles."""

    def __init__(self, postgres: Postgres) -> None:
        self.tag = f"t{secrets.token_hex(4)}"
        self.owner = Credentials(f"{self.tag}_owner", secrets.token_hex(8))
        self._postgres = postgres
        with postgres.connect("postgres") as superuser:
            for statement in (
                "CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD {password}",
                "CREATE DATABASE {name} OWNER {owner}",
            ):
                superuser.execute(
                    sql.SQL(statement).format(
                        owner=sql.Identifier(self.owner.username),
                        password=sql.Literal(self.owner.password),
                        name=sql.Identifier(self.tag),
                    )
                )
        self.secret = Held(Credentials(f"{self.tag}_a", "from-cloudformation"))
        self.worker_secret = Held(Credentials(f"{self.tag}w_a", "from-cloudformation"))
        self.settings = DatabaseSettings(
            "127.0.0.1", postgres.port, self.tag, "prefer", "", self.owner.username, self.owner.password
        )

    def with_workers_apart(self, *, apart: bool = True) -> Administration:
        """The administration of a release whose workers have a user of their own."""
        settings = AdministrationSettings(self.settings, self.secret.arn, self.worker_secret.arn, apart)
        return Administration(settings, self.secret, worker_secret=self.worker_secret)

    def administration(self) -> Administration:
        return Administration(AdministrationSettings(self.settings, self.secret.arn), self.secret)

    def superuser(self) -> psycopg.Connection:
        return self._postgres.connect(self.tag)

    def logs(self) -> str:
        """What the server has logged."""
        done = subprocess.run(["docker", "logs", self._postgres.name], capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    def log_in(self, credentials: Credentials | None = None) -> psycopg.Connection:
        return open_connection(self.settings, credentials or self.secret.credentials())


def settings_apart(environment: dict[str, str]) -> dict[str, dict[str, str]]:
    """The settings of `serve` and of `work` as users of their own, which are made in the database of these settings."""
    owner = database_settings(environment)
    users = {
        "serve": Held(Credentials(f"{owner.name}_api_a", secrets.token_hex(8))),
        "work": Held(Credentials(f"{owner.name}_work_a", secrets.token_hex(8))),
    }
    settings = AdministrationSettings(owner, "api", "work", apart=True)
    with closing(Administration(settings, users["serve"], worker_secret=users["work"])) as administration:
        administration.migrate()
    return {program: environment | _login(held.credentials()) for program, held in users.items()}


def _login(credentials: Credentials) -> dict[str, str]:
    return {
        "FASTBREAK_DATABASE_USER": credentials.username,
        "FASTBREAK_DATABASE_PASSWORD": credentials.password,
    }
