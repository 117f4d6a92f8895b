# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions of listener rules: as they are asked for, as AWS tells them, and what they take."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.conditions import (
    KINDS,
    canonical,
    condition_problems,
    condition_spec,
    patterns,
    read_condition,
    read_conditions,
    secrets_of,
    view_conditions,
    write_condition,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Condition

HEADER = Condition("http-header", frozenset({"Physio", "medical*"}), "X-Team")
QUERY = Condition("query-string", frozenset({"2", "3"}), "v")
ANY_KEY = Condition("query-string", frozenset({"beta"}))
SOURCE = Condition("source-ip", frozenset({"10.0.0.0/8", "2001:db8::/32"}))
METHOD = Condition("http-request-method", frozenset({"GET", "HEAD"}))
ALL = [HEADER, QUERY, ANY_KEY, SOURCE, METHOD]


def asked(**options: Any) -> dict[str, Any]:
    return {**dict.fromkeys(condition_spec()), **options}


def test_options_become_conditions() -> None:
    options = asked(
        http_headers=[{"name": "X-Team", "values": ["Physio", "medical*"]}],
        query_strings=[{"key": "v", "values": ["2", "3"]}, {"key": "", "values": ["beta"]}],
        source_ips=["10.0.0.0/8", "2001:db8::/32"],
        request_methods=["GET", "HEAD"],
    )
    assert read_conditions(options) == frozenset(ALL)
    assert read_conditions(asked()) == frozenset()


@pytest.mark.parametrize("condition", ALL)
def test_what_is_written_reads_as_what_was_wanted(condition: Condition) -> None:
    written = write_condition(condition)
    assert read_condition(written) == condition
    # AWS repeats plain values for some fields, and leaves empty lists in.
    assert read_condition({**written, "Values": [], "RegexValues": []}) == condition
    assert condition.field in {kind.field for kind in KINDS}


def test_fields_and_members_are_those_of_the_api() -> None:
    shape = botocore.session.get_session().get_service_model("elbv2").shape_for("RuleCondition")
    assert {kind.member for kind in KINDS} <= set(shape.members)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (HEADER, Condition("http-header", frozenset({"physio", "MEDICAL*"}), "x-team"), True),
        (HEADER, Condition("http-header", frozenset({"physio"}), "x-team"), False),
        (QUERY, Condition("query-string", frozenset({"3", "2"}), "V"), True),
        (QUERY, Condition("query-string", frozenset({"3", "2"})), False),
        (METHOD, Condition("http-request-method", frozenset({"HEAD", "GET"})), True),
        (METHOD, Condition("http-request-method", frozenset({"get", "HEAD"})), False),
        (SOURCE, Condition("source-ip", frozenset({"2001:DB8::/32", "10.0.0.0/8"})), True),
    ],
)
def test_case_and_order_count_as_they_do_for_the_load_balancer(left: Condition, right: Condition, same: bool) -> None:
    assert (canonical([left]) == canonical([right])) == same


@pytest.mark.parametrize(
    "answer",
    [
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x"}, "RegexValues": ["a.*"]},
        {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["/a.*"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "a", "Value": "1"}, {"Value": "2"}]}},
        {"Field": "something-new", "SomethingConfig": {"Values": ["a"]}},
        {"Field": "source-ip"},
    ],
)
def test_what_no_option_stands_for_is_kept_in_sight(answer: dict[str, Any]) -> None:
    condition = read_condition(answer)
    assert condition
    assert condition.field.endswith("as no rollout writes it")
    assert list(view_conditions([condition], lambda _value: "hidden").values()) == [["hidden"]]


def test_paths_and_hosts_are_none_of_these() -> None:
    assert read_condition({"Field": "path-pattern", "Values": ["/*"], "PathPatternConfig": {"Values": ["/*"]}}) is None
    assert read_condition({"Field": "host-header", "Values": ["a.example"]}) is None


def test_values_of_headers_and_queries_may_be_secrets() -> None:
    shown = view_conditions(ALL, lambda value: f"<{len(value)}>")
    assert shown == {
        "http_headers": [{"name": "x-team", "values": ["<8>", "<6>"]}],
        "query_strings": [{"key": "", "values": ["<4>"]}, {"key": "v", "values": ["<1>", "<1>"]}],
        "source_ips": ["10.0.0.0/8", "2001:db8::/32"],
        "request_methods": ["GET", "HEAD"],
    }
    assert {value for _place, value in secrets_of(ALL)} == {"Physio", "medical*", "2", "3", "beta"}


def header(name: str = "X-Team", *values: str) -> Condition:
    return Condition("http-header", frozenset(values or {"a"}), name)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (header("Host"), "names the header Host in http_headers; that is host_headers"),
        (header("host"), "names the header Host"),
        (header("x team"), "no name of a header"),
        (header(""), "no name of a header"),
        (header("x" * 41), "of up to 40 characters"),
        (header("x", "a" * 129), "has 129 characters"),
        (header("x", "a", ""), "an empty one in http_headers"),
        (Condition("query-string", frozenset(), "v"), "has no value or an empty one in query_strings"),
        (Condition("query-string", frozenset({"1"}), "k" * 129), "a key in query_strings that has 129 characters"),
        (Condition("query-string", frozenset({"1"}), "a b"), "a key in query_strings that has a character"),
        (Condition("query-string", frozenset({"a b"}), "k"), "write it percent-encoded"),
        (header("x", "caf\u00e9"), "other than visible ASCII"),
        (Condition("source-ip", frozenset({"192.0.2.1"})), "write 192.0.2.1/32"),
        (Condition("source-ip", frozenset({"192.0.2.1/24"})), "write 192.0.2.0/24"),
        (Condition("source-ip", frozenset({"banana"})), "no CIDR block, such as"),
        (Condition("source-ip", frozenset({"10.0.0.0/33"})), "no CIDR block"),
        (Condition("http-request-method", frozenset({"get"})), "is no method"),
        (Condition("http-request-method", frozenset({"P*"})), "is no method"),
    ],
)
def test_what_aws_would_refuse_is_named(condition: Condition, said: str) -> None:
    assert said in " ".join(condition_problems([condition]))


def test_right_conditions_have_no_problem() -> None:
    assert list(condition_problems(ALL)) == []


def test_texts_with_wildcards_are_those_of_headers_and_queries() -> None:
    assert sorted(patterns(ALL)) == ["", "2", "3", "Physio", "beta", "medical*", "v"]
