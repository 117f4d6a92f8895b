# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of one side, and what an ECR host says."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.side import (
    EcrHost,
    RegistryOptions,
    check_options,
    parse_ecr_host,
    read_side,
    side_secrets,
    side_spec,
)

ECR = "111111111111.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("host", "region"),
    [
        (ECR, "eu-west-1"),
        (ECR.upper(), "eu-west-1"),
        ("111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("111111111111.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("111111111111.dkr-ecr.us-east-1.on.aws", "us-east-1"),
        ("111111111111.dkr-ecr-fips.us-east-1.on.aws", "us-east-1"),
    ],
)
def test_an_ecr_host_says_account_and_region(host: str, region: str) -> None:
    assert parse_ecr_host(host) == EcrHost("111111111111", region)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "registry.example.com",
        "11111111111.dkr.ecr.eu-west-1.amazonaws.com",
        f"{ECR}.evil.example",
        f"evil{ECR}",
        f"{ECR}:443",
        f"{ECR}/x",
        "public.ecr.aws",
    ],
)
def test_any_other_host_is_not_ecrs(host: str) -> None:
    assert parse_ecr_host(host) is None


@pytest.mark.parametrize(
    ("options", "auth"),
    [
        ({"registry": ECR}, "ecr"),
        ({"registry": "r:5000"}, "anonymous"),
        ({"registry": "r:5000", "username": "u", "password": "p"}, "basic"),
        ({"registry": ECR, "auth": "anonymous"}, "anonymous"),
        ({"registry": "[::1]:5000"}, "anonymous"),
    ],
)
def test_auth_follows_from_the_rest(options: dict[str, Any], auth: str) -> None:
    assert check_options("source", RegistryOptions(**options)).chosen_auth == auth


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"registry": ""}, "no host"),
        ({"registry": "https://r"}, "no host"),
        ({"registry": "r/x"}, "no host"),
        ({"registry": "u:p@r"}, "no host"),
        ({"registry": "r:0"}, "no host"),
        ({"registry": "r:99999"}, "no host"),
        ({"registry": "r\n"}, "no host"),
        ({"registry": "a..b"}, "no host"),
        ({"registry": "r", "auth": "digest"}, "none of"),
        ({"registry": "r", "auth": "ecr"}, "no ECR host"),
        ({"registry": "r", "auth": "basic"}, "needs username and password"),
        ({"registry": "r", "username": "u"}, "needs username and password"),
        ({"registry": "r", "username": "u:p", "password": "p"}, "username has a ':' in it"),
        ({"registry": "r", "username": ":", "password": "p", "auth": "basic"}, "username has a ':' in it"),
        ({"registry": "r", "password": "p"}, "not used with anonymous"),
        ({"registry": ECR, "username": "u", "password": "p"}, "not used with ecr"),
        ({"registry": ECR, "access_key": "a"}, "go together"),
        ({"registry": ECR, "session_token": "s"}, "session_token needs"),
        ({"registry": ECR, "access_key": "a", "secret_key": "s", "profile": "p"}, "contradict"),
        ({"registry": ECR, "region": "us-east-1"}, "its host is of region eu-west-1"),
        ({"registry": "r", "plain_http": True, "ca_bundle": "x"}, "no certificates"),
        ({"registry": "r", "validate_certs": False, "ca_bundle": "x"}, "needs validate_certs"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said) as raised:
        check_options("destination", RegistryOptions(**options))
    assert str(raised.value).startswith("Option destination cannot be right")


def test_aws_options_are_those_that_were_given() -> None:
    options = RegistryOptions(ECR, profile="p", role_arn="arn:aws:iam::1:role/r")
    assert options.aws_overrides == {"profile": "p", "role_arn": "arn:aws:iam::1:role/r", "region": "eu-west-1"}
    assert RegistryOptions("r").aws_overrides == {}


def test_secrets_are_not_shown() -> None:
    shown = repr(RegistryOptions("r", username="u", password="s3", secret_key="s3", session_token="s3"))
    assert "s3" not in shown


def test_a_side_is_read_and_does_not_show_its_secrets() -> None:
    options = dict.fromkeys(side_spec())
    given = {**options, "registry": "r.example", "auth": "basic", "password": "hidden", "plain_http": True}
    side = read_side(given)
    assert (side.registry, side.password, side.username, side.plain_http) == ("r.example", "hidden", "", True)
    assert "hidden" not in repr(side)


def test_every_secret_of_the_options_is_known() -> None:
    hidden = [name for name, option in side_spec().items() if option.get("no_log")]
    args = {
        "secret_key": "a",
        "source": {name: f"source-{name}" for name in hidden},
        "destination": {name: f"destination-{name}" for name in hidden},
    }
    expected = {"a", *(f"{side}-{name}" for side in ("source", "destination") for name in hidden)}
    assert set(side_secrets(args)) == expected
    assert side_secrets({"source": "nonsense", "destination": None}) == []
