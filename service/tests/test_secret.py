# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The client of Secrets Manager, against botocore's own model of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.stub import Stubber

from fastbreak_service.store.credentials import Credentials, Version
from fastbreak_service.store.failures import SecretError
from fastbreak_service.store.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

ARN = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:app-AbCdEf"
ONE, TWO = "1" * 32, "2" * 32
DOCUMENT = '{"username": "app_a", "password": "hunter2"}'


@pytest.fixture
def client() -> Any:
    """A client that reaches nothing."""
    session = botocore.session.Session()
    session.set_credentials("key", "secret")
    return session.create_client("secretsmanager", region_name="eu-west-1")


@pytest.fixture
def stubber(client: Any) -> Iterator[Stubber]:
    """What it answers, all of which is asked for."""
    with Stubber(client) as made:
        yield made
        made.assert_no_pending_responses()


def value(stage: str) -> dict[str, str]:
    return {"SecretId": ARN, "VersionStage": stage}


def test_the_current_version_is_read(client: Any, stubber: Stubber) -> None:
    answer = {"VersionId": ONE, "SecretString": DOCUMENT}
    stubber.add_response("get_secret_value", answer, value("AWSCURRENT"))
    assert Secret(ARN, client).credentials() == Credentials("app_a", "hunter2")


def test_a_secret_of_bytes_is_an_unusable_one(client: Any, stubber: Stubber) -> None:
    stubber.add_response("get_secret_value", {"VersionId": ONE, "SecretBinary": b"x"}, value("AWSCURRENT"))
    with pytest.raises(SecretError, match="must hold a JSON object"):
        Secret(ARN, client).credentials()


@pytest.mark.parametrize("stages", [{}, {ONE: ["AWSCURRENT"]}])
def test_without_a_pending_version_there_is_none(client: Any, stubber: Stubber, stages: dict[str, list[str]]) -> None:
    stubber.add_response("describe_secret", {"VersionIdsToStages": stages}, {"SecretId": ARN})
    assert Secret(ARN, client).find_version("AWSPENDING") is None


def test_a_pending_version_is_found(client: Any, stubber: Stubber) -> None:
    stages = {ONE: ["AWSCURRENT"], TWO: ["AWSPENDING"]}
    stubber.add_response("describe_secret", {"VersionIdsToStages": stages}, {"SecretId": ARN})
    answer = {"VersionId": TWO, "SecretString": DOCUMENT}
    stubber.add_response("get_secret_value", answer, value("AWSPENDING"))
    assert Secret(ARN, client).find_version("AWSPENDING") == Version(TWO, DOCUMENT)


def test_a_proposed_version_is_pending_only(client: Any, stubber: Stubber) -> None:
    expected = {"SecretId": ARN, "SecretString": DOCUMENT, "VersionStages": ["AWSPENDING"]}
    stubber.add_response("put_secret_value", {"VersionId": TWO}, expected)
    found = Secret(ARN, client).propose(Credentials("app_a", "hunter2"))
    assert found == Version(TWO, DOCUMENT)
    assert "hunter2" not in repr(found)


MOVE = {"SecretId": ARN, "VersionStage": "AWSCURRENT", "MoveToVersionId": TWO, "RemoveFromVersionId": ONE}


def test_a_version_is_promoted_over_the_one_that_was_seen(client: Any, stubber: Stubber) -> None:
    stubber.add_response("update_secret_version_stage", {}, MOVE)
    Secret(ARN, client).promote(Version(TWO, ""), Version(ONE, ""))


@pytest.mark.parametrize(("current", "done"), [(TWO, True), ("3" * 32, False)])
def test_what_another_run_promoted_is_done_and_what_it_replaced_is_not(
    client: Any, stubber: Stubber, current: str, done: bool
) -> None:
    stubber.add_client_error("update_secret_version_stage", "InvalidParameterException", "it is elsewhere", 400)
    stubber.add_response("get_secret_value", {"VersionId": current, "SecretString": DOCUMENT}, value("AWSCURRENT"))
    secret = Secret(ARN, client)
    if done:
        secret.promote(Version(TWO, ""), Version(ONE, ""))
        return
    with pytest.raises(SecretError, match="it is elsewhere"):
        secret.promote(Version(TWO, ""), Version(ONE, ""))


@pytest.mark.parametrize(
    ("code", "status", "passing"),
    [
        ("AccessDeniedException", 400, False),
        ("ResourceNotFoundException", 400, False),
        ("DecryptionFailure", 400, False),
        ("InvalidRequestException", 400, False),
        ("ThrottlingException", 400, True),
        ("InternalServiceError", 500, True),
        ("", 503, True),
    ],
)
def test_an_error_names_the_secret_and_tells_whether_it_passes(
    client: Any, stubber: Stubber, code: str, status: int, passing: bool
) -> None:
    stubber.add_client_error("get_secret_value", code, "said AWS", status)
    with pytest.raises(SecretError) as caught:
        Secret(ARN, client).credentials()
    assert (
        str(caught.value) == f"Tried to read the secret {ARN}, but Secrets Manager answered {code or status}: said AWS"
    )
    assert caught.value.passing == passing


def test_a_manager_that_cannot_be_reached_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with pytest.raises(SecretError, match=r"Tried to read the secret arn:.*Could not connect") as caught:
        Secret(ARN).credentials()
    assert caught.value.passing


def test_without_a_role_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SecretError, match="Unable to locate credentials") as caught:
        Secret(ARN).credentials()
    assert not caught.value.passing
