# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The versions of a secret and the labels they bear, as a rotation needs them."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def manager(sandbox: Any) -> Any:
    return sandbox.client("secretsmanager")


@pytest.fixture
def secret(manager: Any) -> str:
    arn: str = manager.create_secret(Name=f"s{uuid.uuid4().hex[:8]}", SecretString="first")["ARN"]
    return arn


def stages(manager: Any, secret: str) -> dict[str, str]:
    """Version by label."""
    found = manager.describe_secret(SecretId=secret)["VersionIdsToStages"]
    return {label: version for version, labels in found.items() for label in labels}


def propose(manager: Any, secret: str, text: str) -> str:
    version: str = manager.put_secret_value(SecretId=secret, SecretString=text, VersionStages=["AWSPENDING"])[
        "VersionId"
    ]
    return version


def test_a_pending_version_is_not_what_is_read(manager: Any, secret: str) -> None:
    first = stages(manager, secret)["AWSCURRENT"]
    second = propose(manager, secret, "second")
    assert stages(manager, secret) == {"AWSCURRENT": first, "AWSPENDING": second}
    assert manager.get_secret_value(SecretId=secret)["SecretString"] == "first"
    assert manager.get_secret_value(SecretId=secret, VersionStage="AWSPENDING")["SecretString"] == "second"


def test_a_label_is_of_one_version_at_a_time(manager: Any, secret: str) -> None:
    propose(manager, secret, "second")
    third = propose(manager, secret, "third")
    assert stages(manager, secret)["AWSPENDING"] == third
    labels = manager.describe_secret(SecretId=secret)["VersionIdsToStages"].values()
    assert sum("AWSPENDING" in found for found in labels) == 1


def test_the_current_version_moves_only_from_where_it_is(manager: Any, secret: str) -> None:
    first, second = stages(manager, secret)["AWSCURRENT"], propose(manager, secret, "second")
    move = {"SecretId": secret, "VersionStage": "AWSCURRENT", "MoveToVersionId": second}
    manager.update_secret_version_stage(**move, RemoveFromVersionId=first)
    assert stages(manager, secret) == {"AWSCURRENT": second, "AWSPENDING": second, "AWSPREVIOUS": first}
    third = propose(manager, secret, "third")
    with pytest.raises(ClientError, match="InvalidParameterException"):
        manager.update_secret_version_stage(**move | {"MoveToVersionId": third}, RemoveFromVersionId=first)
    assert manager.get_secret_value(SecretId=secret)["SecretString"] == "second"
