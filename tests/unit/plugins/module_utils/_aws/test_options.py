# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task's AWS options as each of its sides sees them."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.options import (
    aws_options,
    client_options,
    side_params,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError

OWN: dict[str, Any] = {
    "profile": None,
    "access_key": "own",
    "secret_key": "own-secret",
    "session_token": "own-token",
    "region": "us-east-1",
    "endpoint_url": None,
    "validate_certs": True,
}


def test_a_side_without_options_is_the_tasks_own() -> None:
    assert side_params(OWN, {}) == OWN


def test_credentials_of_a_side_are_never_mixed_with_the_tasks() -> None:
    assert side_params(OWN, {"profile": "dev"}) == {
        **OWN,
        "profile": "dev",
        "access_key": None,
        "secret_key": None,
        "session_token": None,
    }
    keys = side_params(OWN, {"access_key": "a", "secret_key": "b"})
    assert (keys["access_key"], keys["secret_key"], keys["session_token"]) == ("a", "b", None)


def test_region_and_endpoint_keep_the_tasks_credentials() -> None:
    assert side_params(OWN, {"region": "eu-west-1", "endpoint_url": "http://x"}) == {
        **OWN,
        "region": "eu-west-1",
        "endpoint_url": "http://x",
    }


def test_other_options_of_a_side_are_no_aws_options() -> None:
    assert side_params(OWN, {"role_arn": "arn", "validate_certs": "no"}) == OWN


def test_the_options_of_every_aws_module_are_amazon_awss() -> None:
    assert aws_options() == aws_argument_spec()


GIVEN = {
    "region": ["eu-west-1"],
    "endpoint_url": [None, "http://x"],
    "profile": [None, "", "dev"],
    "access_key": [None, "", "own", b"own"],
    "session_token": [None, "", "own-token"],
    "validate_certs": [True, False],
    "aws_ca_bundle": [None, "", "/bundle.pem"],
}


@pytest.mark.parametrize("values", list(product(*GIVEN.values())))
def test_options_mean_what_they_mean_to_amazon_aws(values: tuple[Any, ...]) -> None:
    params = {**dict(zip(GIVEN, values, strict=True)), "secret_key": values[3] and "own-secret", "aws_config": None}
    refused: list[str] = []

    def fail_json(msg: str) -> None:
        refused.append(msg)
        raise LookupError

    try:
        region, endpoint, given = get_aws_connection_info(SimpleNamespace(params=params, fail_json=fail_json))
    except LookupError:
        with pytest.raises(UnavailableError, match="profile and access tokens is not supported"):
            client_options(params)
        assert refused == ["Passing both a profile and access tokens is not supported."]
        return
    ours = client_options(params)
    assert ours.pop("aws_config") == {}
    assert ours == {"profile_name": None, **given, "region_name": region, "endpoint_url": endpoint}


def test_a_clients_configuration_is_handed_on() -> None:
    assert client_options({"aws_config": {"read_timeout": 5}})["aws_config"] == {"read_timeout": 5}
