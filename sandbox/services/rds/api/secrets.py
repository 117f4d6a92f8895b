# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The master password that RDS keeps in Secrets Manager (`ManageMasterUserPassword`).

AWS: Amazon RDS User Guide, "Password management with Amazon RDS and AWS Secrets Manager".
"""

import json
import uuid
from typing import Any

from sandbox.clients import client
from sandbox.ministack import kms, responses, secretsmanager

# RDS refuses these four in a master password.
_EXCLUDED = "/@\"' "
_LENGTH = 28
_ROTATION_DAYS = 7


def new_password() -> str:
    """A password as RDS makes them."""
    made = client("secretsmanager").get_random_password(PasswordLength=_LENGTH, ExcludeCharacters=_EXCLUDED)
    return str(made["RandomPassword"])


def create(*, instance_id: str, username: str, password: str, kms_key_id: str) -> dict[str, str]:
    """Make the secret; the `MasterUserSecret` of the instance."""
    key = _key_arn(kms_key_id or "alias/aws/secretsmanager")
    made = client("secretsmanager").create_secret(
        Name=f"rds!db-{uuid.uuid4()}",
        Description=f"Secret associated with primary RDS DB instance: {_instance_arn(instance_id)}",
        SecretString=_document(username, password),
        KmsKeyId=key,
        Tags=[
            {"Key": "aws:rds:primaryDBInstanceArn", "Value": _instance_arn(instance_id)},
            {"Key": "aws:secretsmanager:owningService", "Value": "rds"},
        ],
    )
    record = secretsmanager._secrets[made["Name"]]
    # RDS rotates it by itself, without a function of the customer's.
    record.update(RotationEnabled=True, RotationRules={"AutomaticallyAfterDays": _ROTATION_DAYS})
    return {"SecretArn": made["ARN"], "SecretStatus": "active", "KmsKeyId": key}


def replace(secret: dict[str, str], *, username: str, password: str) -> None:
    """Make `password` the secret's current version."""
    client("secretsmanager").put_secret_value(SecretId=secret["SecretArn"], SecretString=_document(username, password))


def delete(secret: dict[str, str]) -> None:
    """RDS deletes the secret together with its instance, without a recovery window."""
    client("secretsmanager").delete_secret(SecretId=secret["SecretArn"], ForceDeleteWithoutRecovery=True)


def xml(secret: dict[str, str] | None) -> str:
    """The element of a described instance."""
    if not secret:
        return ""
    fields = "".join(f"<{name}>{text}</{name}>" for name, text in secret.items())
    return f"<MasterUserSecret>{fields}</MasterUserSecret>"


def _document(username: str, password: str) -> str:
    return json.dumps({"username": username, "password": password})


def _instance_arn(instance_id: str) -> str:
    return f"arn:aws:rds:{responses.get_region()}:{responses.get_account_id()}:db:{instance_id}"


def _key_arn(key: str) -> str:
    """The key's ARN, whichever way it was named; an AWS managed key comes into being when it is first used."""
    kms_client = client("kms")
    try:
        found: dict[str, Any] = kms_client.describe_key(KeyId=key)
    except kms_client.exceptions.NotFoundException:
        if not key.startswith("alias/aws/"):
            raise
        found = kms_client.create_key(Description="Protects secrets when no other key is named")
        kms._keys[found["KeyMetadata"]["KeyId"]]["KeyManager"] = "AWS"
        kms_client.create_alias(AliasName=key, TargetKeyId=found["KeyMetadata"]["KeyId"])
    return str(found["KeyMetadata"]["Arn"])
