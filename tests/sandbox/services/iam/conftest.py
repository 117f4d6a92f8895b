# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A sandbox that enforces IAM, and roles in it."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from sandbox import ACCOUNTS, state
from tests.sandbox.conftest import RunningSandbox, command


@dataclass(frozen=True)
class Enforcing:
    """A sandbox under `AUTH=true`."""

    sandbox: RunningSandbox

    def root(self, service: str, account: str = "dev") -> Any:
        """A client with every right."""
        return self.sandbox.client(service, account)

    def role(
        self, *statements: dict[str, Any], trust: dict[str, Any] | None = None, account: str = "dev", **options: Any
    ) -> str:
        """A role of an account with these statements; its ARN."""
        name = f"role-{uuid.uuid4().hex[:8]}"
        principal = trust or {"Principal": {"AWS": ACCOUNTS[account]}, "Action": "sts:AssumeRole"}
        iam = self.root("iam", account)
        made = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=policy({"Effect": "Allow", **principal}), **options
        )
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
        return str(made["Role"]["Arn"])

    def as_role(self, arn: str, service: str) -> Any:
        """A client with a session of the role."""
        account = next(name for name, known in ACCOUNTS.items() if known == arn.split(":")[4])
        given = self.root("sts", account).assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return self.client(service, given)

    def checks(self) -> list[dict[str, Any]]:
        """What was checked so far, the oldest first."""
        found: list[dict[str, Any]] = httpx.get(f"{self.sandbox.state.endpoint_url}/_sandbox/iam/checks").json()
        return found

    def client(self, service: str, given: dict[str, str]) -> Any:
        """A client with credentials that STS gave."""
        return boto3.client(
            service,
            region_name=self.sandbox.state.region,
            endpoint_url=self.sandbox.state.endpoint_url,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            config=Config(retries={"max_attempts": 0}),
        )


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


@pytest.fixture(scope="session")
def enforcing() -> Iterator[Enforcing]:
    name = f"test-{uuid.uuid4().hex[:8]}"
    started = command("up", name=name, AUTH="true")
    try:
        assert started.returncode == 0, started.stderr
        known = state.read_state(state.home_of(name))
        assert known is not None
        yield Enforcing(RunningSandbox(name, known))
    finally:
        ended = command("down", name=name)
        assert ended.returncode == 0, ended.stderr
