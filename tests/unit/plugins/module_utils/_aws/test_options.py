# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task's AWS options as each of its sides sees them."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.options import aws_options, side_params

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
