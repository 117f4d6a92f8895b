# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what the environment's stacks published, as an operator would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import psycopg

from demo.console import DemoError

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLES = ("analyses", "persons", "measures")


@dataclass(frozen=True)
class Platform:
    """One environment of the platform, seen through boto3 with the environment's credentials."""

    environment: str
    session: boto3.session.Session
    endpoint_url: str

    @classmethod
    def connect(cls, environment: str, variables: Mapping[str, str]) -> Platform:
        """Connect with the variables that `python -m sandbox env` prints."""
        session = boto3.session.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=variables["AWS_REGION"],
        )
        return cls(environment, session, variables["AWS_ENDPOINT_URL"])

    def client(self, service: str) -> Any:
        return _client(self.session, service, self.endpoint_url)

    def table(self, name: str) -> Any:
        """A DynamoDB table, whose items come as plain values."""
        make: Any = self.session.resource
        return make("dynamodb", endpoint_url=self.endpoint_url).Table(name)

    def outputs(self, component: str) -> dict[str, str]:
        """A component's stack outputs, by key."""
        stacks = self.client("cloudformation").describe_stacks(StackName=f"fastbreak-{self.environment}-{component}")
        return {output["OutputKey"]: output["OutputValue"] for output in stacks["Stacks"][0].get("Outputs", [])}

    def database_rows(self, analysis_id: str) -> dict[str, int]:
        """Count one analysis's rows in each table, read from the RDS instance with its managed secret.

        Raises DemoError when the database cannot be reached.
        """
        try:
            with self.master() as connection:
                return {table: _count(connection, table, analysis_id) for table in TABLES}
        except psycopg.OperationalError as error:
            raise DemoError(f"could not read the database of {self.environment}: {error}") from error

    def master(self) -> psycopg.Connection[Any]:
        """A connection as the RDS instance's master user, each statement a transaction. Raises psycopg's errors."""
        rds = self.outputs("rds")
        secret = json.loads(
            self.client("secretsmanager").get_secret_value(SecretId=rds["MasterUserSecretArn"])["SecretString"]
        )
        return psycopg.connect(
            host=rds["EndpointAddress"],
            port=int(rds["EndpointPort"]),
            dbname=rds["DatabaseName"],
            user=secret["username"],
            password=secret["password"],
            sslmode="require",
            connect_timeout=10,
            autocommit=True,
        )


@cache
def _client(session: boto3.session.Session, service: str, endpoint_url: str) -> Any:
    """A client for all who ask for it: to make one takes longer than most calls, and some ask ten times a second."""
    # The published types know each service by a literal name, which a parameter is not.
    make: Any = session.client
    return make(service, endpoint_url=endpoint_url)


def _count(connection: psycopg.Connection[Any], table: str, analysis_id: str) -> int:
    column = "id" if table == "analyses" else "analysis_id"
    query = psycopg.sql.SQL("SELECT count(*) FROM {} WHERE {} = %s").format(
        psycopg.sql.Identifier(table), psycopg.sql.Identifier(column)
    )
    row = connection.execute(query, [analysis_id]).fetchone()
    return int(row[0]) if row else 0
