# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses and headers of the gate ``http``."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_address import (
    address_problems,
    at_listener,
    below,
    header_problems,
    read_headers,
    referred_secret,
    secrets_of,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.requests import Aim


@pytest.mark.parametrize(
    ("url", "path", "address"),
    [
        ("http://alb", "/readyz", "http://alb/readyz"),
        ("http://alb/", "readyz", "http://alb/readyz"),
        ("https://site/api", "/v1/analyses?limit=1", "https://site/api/v1/analyses?limit=1"),
        ("https://site/api", "/", "https://site/api/"),
        ("", "/readyz", "/readyz"),
    ],
)
def test_a_path_lies_below_the_whole_address(url: str, path: str, address: str) -> None:
    assert below(url, path) == address


def test_at_another_listener_what_a_rule_asks_for_is_sent_too() -> None:
    sent = Aim("http://alb/v1?key=1", (("host", "api"),))
    url, there = at_listener("http://alb:9000", "/v1", sent)
    assert (url, there) == ("http://alb:9000/v1", Aim("http://alb:9000/v1?key=1", (("host", "api"),)))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "alb/readyz",
        "ftp://alb/",
        "file:///etc/passwd",
        "https:///readyz",
        "https://alb:port/",
        "https://alb:65536/",
        "https://[a/",
        "https://a..b/",
        "https://alb/\u00e9",
        "https://alb/?a=\u00e9",
        "https://alb/a b",
        "https://alb/\na",
    ],
)
def test_an_address_that_is_none_of_http_is_a_problem(url: str) -> None:
    (problem,) = address_problems(url, Aim(url, ()))
    assert "set 'url'" in problem


@pytest.mark.parametrize("header", [("a b", "x"), ("", "x"), ("x", "a\r\nb"), ("x", "\u00e9"), ("a:", "x")])
def test_headers_that_cannot_be_sent_are_problems(header: tuple[str, str]) -> None:
    assert len([*header_problems((header, ("x-fine", "text")))]) == 1


@pytest.mark.parametrize(
    "value",
    [
        "secretsmanager:",
        "secretsmanager: probe",
        "secretsmanager:a b",
        " secretsmanager:probe",
        "SecretsManager:probe",
        "secretmanager:probe",
        "secrets-manager:probe",
        "arn:aws:secretsmanager:us-east-1:222222222222:secret:probe-AbCdEf",
    ],
)
def test_a_mistyped_reference_is_not_sent_as_it_stands(value: str) -> None:
    (problem,) = header_problems((("Authorization", value), ("X-Fine", "secretsmanager:probe"), ("X-Own", "Bearer a")))
    assert problem.startswith("its header 'Authorization' seems to refer to a secret")


@pytest.mark.parametrize("value", [None, True, [], {}, 1.5])
def test_values_of_headers_that_are_no_text_are_refused_by_name(value: Any) -> None:
    with pytest.raises(RequestError, match=r"Gate ready: headers\.x "):
        read_headers("Gate ready: headers", {"x": value})
    assert read_headers("Gate ready: headers", {"x": 5}) == (("x", "5"),)


def test_what_a_request_holds_of_the_users_is_secret() -> None:
    aim = Aim("http://ann:hunter2@alb/?token=t0p", (("Host", "api"), ("Authorization", "Bearer x")))
    assert {*secrets_of(aim)} == {"ann", "hunter2", "t0p", "Bearer x"}


def test_a_reference_to_a_secret_is_none() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:222222222222:secret:fastbreak-prod-probe-AbCdEf"
    assert referred_secret(f"secretsmanager:{arn}") == arn
    assert [referred_secret(value) for value in ("Bearer abc", "secretsmanager:", "secretsmanager:a b", "")] == [""] * 4
    sent = Aim("http://alb/", (("Authorization", "secretsmanager:fastbreak-prod-probe"), ("x-key", "hunter2")))
    assert [*secrets_of(sent)] == ["hunter2"]
