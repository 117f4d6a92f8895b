# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""ECR's repositories, images and logins."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.api import ApiRefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.client import EcrClient, UnknownRepositories
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import (
    Authorization,
    RepositoryImage,
    RepositorySettings,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.login import Login
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

if TYPE_CHECKING:
    from botocore.stub import Stubber

ACCOUNT = "111111111111"
PUSHED = datetime(2026, 1, 1, tzinfo=UTC)
DIGEST = "sha256:" + "a" * 64
URI = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/web"
DETAIL = {"imageDigest": DIGEST, "imageTags": ["1.0", "latest"], "imagePushedAt": PUSHED}
IMAGE = RepositoryImage(DIGEST, ("1.0", "latest"), PUSHED)
EXCLUSIONS = [{"filterType": "WILDCARD", "filter": "sha256-*"}]


def ecr(stub: Stubber, account: str = ACCOUNT) -> EcrClient:
    return EcrClient(lambda: stub.client, account)


@pytest.mark.parametrize(
    ("described", "settings"),
    [
        ({}, RepositorySettings(exists=True)),
        ({"repositoryUri": URI}, RepositorySettings(exists=True, uri=URI)),
        ({"imageTagMutability": "MUTABLE"}, RepositorySettings(exists=True)),
        ({"imageTagMutability": "IMMUTABLE"}, RepositorySettings(exists=True, immutable=True)),
        (
            {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": EXCLUSIONS},
            RepositorySettings(exists=True, immutable=True, mutable_tags=("sha256-*",)),
        ),
        (
            {"imageTagMutability": "MUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": EXCLUSIONS},
            RepositorySettings(exists=True),
        ),
    ],
)
def test_a_repository_has_its_settings(stub: Stubber, described: dict[str, Any], settings: RepositorySettings) -> None:
    asked = {"repositoryNames": ["web"], "registryId": ACCOUNT}
    stub.add_response("describe_repositories", {"repositories": [described]}, asked)
    assert ecr(stub).describe_repository("web") == settings


def test_a_repository_that_is_missing_does_not_exist(stub: Stubber) -> None:
    stub.add_client_error("describe_repositories", "RepositoryNotFoundException")
    stub.add_response("describe_repositories", {"repositories": []}, {"repositoryNames": ["web"]})
    assert ecr(stub).describe_repository("web") == RepositorySettings(exists=False)
    assert ecr(stub, account="").describe_repository("web") == RepositorySettings(exists=False)


def test_what_is_not_ecr_knows_no_repository() -> None:
    assert UnknownRepositories().describe_repository("web") == RepositorySettings(exists=False, known=False)


def test_all_pages_of_images_are_read(stub: Stubber) -> None:
    asked = {"repositoryName": "web", "registryId": ACCOUNT}
    untagged = {"imageDigest": "sha256:" + "b" * 64, "imagePushedAt": PUSHED}
    stub.add_response("describe_images", {"imageDetails": [DETAIL], "nextToken": "2"}, asked)
    stub.add_response("describe_images", {"imageDetails": [untagged]}, {**asked, "nextToken": "2"})
    assert ecr(stub).describe_images("web") == (IMAGE, RepositoryImage("sha256:" + "b" * 64, (), PUSHED))


def test_an_empty_repository_is_not_a_missing_one(stub: Stubber) -> None:
    stub.add_response("describe_images", {"imageDetails": []}, {"repositoryName": "web"})
    assert ecr(stub, account="").describe_images("web") == ()
    stub.add_client_error("describe_images", "RepositoryNotFoundException")
    assert ecr(stub).describe_images("web") is None


def test_an_image_is_found_by_its_tag(stub: Stubber) -> None:
    asked = {"repositoryName": "web", "imageIds": [{"imageTag": "1.0"}]}
    stub.add_response("describe_images", {"imageDetails": [DETAIL]}, asked)
    assert ecr(stub, account="").describe_image(Address("web", "1.0")) == IMAGE
    stub.add_client_error("describe_images", "ImageNotFoundException")
    assert ecr(stub).describe_image(Address("web", "1.0")) is None
    stub.add_client_error("describe_images", "RepositoryNotFoundException")
    with pytest.raises(ApiRefusedError, match=r"look up web:1\.0"):
        ecr(stub).describe_image(Address("web", "1.0"))


def data(token: str = "AWS:se:cret", endpoint: str = "https://registry.example:5000") -> dict[str, str]:  # noqa: S107
    return {"authorizationToken": base64.b64encode(token.encode()).decode(), "proxyEndpoint": endpoint}


@pytest.mark.parametrize(("account", "asked"), [(ACCOUNT, {"registryIds": [ACCOUNT]}), ("", {})])
def test_a_login_is_good_for_its_endpoint(stub: Stubber, account: str, asked: dict[str, Any]) -> None:
    stub.add_response("get_authorization_token", {"authorizationData": [data()]}, asked)
    login = Login("registry.example:5000", "AWS", "se:cret")
    assert ecr(stub, account).get_authorization_token() == Authorization(login, "https://registry.example:5000")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"authorizationData": []},
        {"authorizationData": [{"proxyEndpoint": "https://x"}]},
        {"authorizationData": [{**data(), "authorizationToken": "no base64!"}]},
    ],
)
def test_an_answer_without_a_login_is_said(stub: Stubber, answer: dict[str, Any]) -> None:
    stub.add_response("get_authorization_token", answer, {"registryIds": [ACCOUNT]})
    with pytest.raises(UnavailableError, match=f"registry of account {ACCOUNT}, but ECR's answer cannot be read"):
        ecr(stub).get_authorization_token()
