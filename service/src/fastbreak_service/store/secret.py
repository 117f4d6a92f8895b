# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS Secrets Manager: the only place where the service talks to AWS."""

from __future__ import annotations

import os
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from fastbreak_service.store.credentials import CURRENT, PENDING, Credentials, Version
from fastbreak_service.store.failures import SecretError

_CONFIG = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
# Of what Secrets Manager answers, what passes by itself; everything else lasts until somebody acts.
_PASSING = ("InternalServiceError", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded")
_SERVER_ERROR = 500


class Secret:
    """A secret by its ARN, in the ARN's region, or by its name, with the task role's rights.

    Every method raises SecretError.
    """

    def __init__(self, arn: str, client: Any = None) -> None:
        self.arn = arn
        self._client = client

    def credentials(self) -> Credentials:
        """The current version's."""
        return Credentials.parse(self.version(CURRENT).document, self.arn)

    def version(self, stage: str) -> Version:
        """The version that bears a stage."""
        answer = self._call("read", "get_secret_value", VersionStage=stage)
        # A secret may hold bytes instead of text; as credentials these are as good as nothing.
        return Version(answer["VersionId"], answer.get("SecretString") or "")

    def find_version(self, stage: str) -> Version | None:
        """The version that bears a stage, None when none does."""
        stages = self._call("describe", "describe_secret").get("VersionIdsToStages") or {}
        return self.version(stage) if any(stage in labels for labels in stages.values()) else None

    def propose(self, credentials: Credentials) -> Version:
        """Add a version that is pending, and not yet what anybody logs in with."""
        document = credentials.document()
        answer = self._call("write", "put_secret_value", SecretString=document, VersionStages=[PENDING])
        return Version(answer["VersionId"], document)

    def promote(self, version: Version, before: Version) -> None:
        """Make a version the current one, provided that `before` still is, or that it is already done."""
        try:
            self._call(
                "change",
                "update_secret_version_stage",
                VersionStage=CURRENT,
                MoveToVersionId=version.id,
                RemoveFromVersionId=before.id,
            )
        except SecretError:
            if self.version(CURRENT).id != version.id:
                raise

    def _call(self, what: str, operation: str, **arguments: Any) -> dict[str, Any]:
        try:
            self._client = self._client or _connect(self.arn)
            answer: dict[str, Any] = getattr(self._client, operation)(SecretId=self.arn, **arguments)
        except ClientError as error:
            answered = error.response.get("Error", {})
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            code = answered.get("Code", "")
            raise SecretError(
                f"Tried to {what} the secret {self.arn}, but Secrets Manager answered {code or status}: "
                f"{answered.get('Message') or 'without a message'}",
                passing=code in _PASSING or status >= _SERVER_ERROR,
            ) from None
        except (BotoCoreError, ValueError) as error:
            # A ValueError is of an address or region that cannot be one.
            passing = isinstance(error, BotoCoreError) and not isinstance(error, NoCredentialsError)
            raise SecretError(f"Tried to {what} the secret {self.arn}: {error}", passing=passing) from None
        return answer


def _connect(arn: str) -> Any:
    """A client of the region that the ARN names; for a name, of the task's own."""
    region = arn.split(":")[3] if arn.startswith("arn:") else os.environ.get("AWS_REGION")
    return botocore.session.Session().create_client("secretsmanager", region_name=region, config=_CONFIG)
