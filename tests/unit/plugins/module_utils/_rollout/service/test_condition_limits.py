# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of conditions that AWS takes, and those that it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.condition_limits import (
    header_name_problem,
    header_problem,
    host_problem,
    method_problem,
    network_problem,
    path_problem,
    query_problem,
)

if TYPE_CHECKING:
    from collections.abc import Callable

HOST_128 = "a" * 124 + ".com"


@pytest.mark.parametrize(
    ("problem", "value"),
    [
        (host_problem, "api.example.com"),
        (host_problem, "API.Example.COM"),
        (host_problem, "*.example.com"),
        (host_problem, "a?c-1.example.com"),
        (host_problem, HOST_128),
        (path_problem, "/*"),
        (path_problem, "/img/*/a?b.png"),
        (path_problem, "*.jpg"),
        (path_problem, "/a_-.$/~\"'@:+&b&amp;"),
        (path_problem, "/" + "a" * 127),
        (header_problem, "Mozilla/5.0 (X11; *)"),
        (header_problem, "~" * 128),
        (query_problem, "a%20b+c,d;e=f*?\\*"),
        (query_problem, ""),
        (method_problem, "M-SEARCH"),
        (method_problem, "X" * 40),
        (network_problem, "10.0.0.0/8"),
        (network_problem, "2001:db8::/32"),
        (header_name_problem, "X-Team_1!"),
        (header_name_problem, "x" * 40),
    ],
)
def test_what_aws_takes_has_no_problem(problem: Callable[[str], str], value: str) -> None:
    assert problem(value) == ""


@pytest.mark.parametrize(
    ("problem", "value", "said"),
    [
        (host_problem, "api.example.com:8443", "has a port"),
        (host_problem, "https://api.example.com", "is an address"),
        (host_problem, "a b.example.com", "is no host name"),
        (host_problem, "a_b.example.com", "is no host name"),
        (host_problem, "api.example.com/", "is no host name"),
        (host_problem, "caf\u00e9.example.com", "is no host name"),
        (host_problem, "api.example.com\n", "is no host name"),
        (host_problem, "localhost", "does not end in '.' and letters"),
        (host_problem, "foo-bar", "does not end in '.' and letters"),
        (host_problem, "*", "does not end in '.' and letters"),
        (host_problem, "10.0.0.1", "does not end in '.' and letters"),
        (host_problem, "example.com.", "does not end in '.' and letters"),
        (host_problem, "a" + HOST_128, "has 129 characters"),
        (path_problem, "/my path/*", "has a character"),
        (path_problem, "/caf\u00e9", "has a character"),
        (path_problem, "/a%20b", "has a character"),
        (path_problem, "/a;b", "has a character"),
        (path_problem, "/a\n", "has a character"),
        (path_problem, "/a#b", "has a character"),
        (path_problem, "/a?b=c", "has a character"),
        (path_problem, "v1/*", "does not begin with '/'"),
        (path_problem, "/" + "a" * 128, "has 129 characters"),
        (header_problem, "a\tb", "other than visible ASCII"),
        (header_problem, "a\x7f", "other than visible ASCII"),
        (header_problem, "caf\u00e9", "other than visible ASCII"),
        (header_problem, "a" * 129, "has 129 characters"),
        (query_problem, "a b", "percent-encoded"),
        (query_problem, "100%", "percent-encoded"),
        (query_problem, "a#b", "percent-encoded"),
        (query_problem, "a\n", "percent-encoded"),
        (query_problem, "caf\u00e9", "percent-encoded"),
        (query_problem, "a" * 129, "has 129 characters"),
        (method_problem, "get", "is no method"),
        (method_problem, "GET ", "is no method"),
        (method_problem, "GET1", "is no method"),
        (method_problem, "X" * 41, "is no method"),
        (network_problem, "10.0.0.1/8", "write 10.0.0.0/8"),
        (network_problem, "10.0.0.0/33", "is no CIDR block"),
        (network_problem, "*", "is no CIDR block"),
        (header_name_problem, "HOST", "that is host_headers"),
        (header_name_problem, "a b", "no name of a header"),
        (header_name_problem, "x" * 41, "no name of a header"),
    ],
)
def test_what_aws_refuses_is_said(problem: Callable[[str], str], value: str, said: str) -> None:
    assert said in problem(value)
