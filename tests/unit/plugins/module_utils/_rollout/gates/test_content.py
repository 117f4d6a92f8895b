# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer's body has to hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates import content as content_module
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.content import Content
from hypothesis import given
from hypothesis import strategies as st

BODY = json.dumps({"status": "ok", "count": 1, "items": [{"id": "a"}, {"id": None}], "ready": True, "a.b": 2}).encode()


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("status", "ok", ""),
        ("count", 1, ""),
        ("count", 1.0, ""),
        ("items.0.id", "a", ""),
        ("items.1.id", None, ""),
        ("ready", True, ""),
        ("ready", 1, "with another ready"),
        ("count", True, "with another count"),
        ("count", "1", "with another count"),
        ("items.2.id", None, "with another items.2.id"),
        ("items.-1.id", None, "with another items.-1.id"),
        ("items.0", "a", "with another items.0"),
        ("missing", None, "with another missing"),
        ("status.x", "ok", "with another status.x"),
        ("count.0", 1, "with another count.0"),
    ],
)
def test_value_at_a_path_has_to_be_equal_and_of_its_type(path: str, value: Any, said: str) -> None:
    assert Content(json=((path, value),)).mismatch(BODY) == said


@pytest.mark.parametrize("body", [b"", b"ok", b"null", b"[]", b'"status"', b"\xff", b"[" * 100_000, b"{}"])
def test_other_bodies_never_match(body: bytes) -> None:
    assert Content(json=(("status", "ok"),)).mismatch(body)
    assert Content(pattern='"status": ?"ok"').mismatch(body) == "without body_pattern"


def test_pattern_and_values_have_to_be_met_both() -> None:
    both = Content(pattern="ok", json=(("count", 1),))
    assert (both.mismatch(BODY), both.mismatch(b'{"count": 1}')) == ("", "without body_pattern")
    assert both.mismatch(b'"ok"') == "with another count"
    assert both.wanted == " with body_pattern 'ok', count 1"
    assert Content().mismatch(b"anything") == Content().wanted == ""


@given(st.binary(max_size=80), st.text(max_size=10), st.none() | st.booleans() | st.integers() | st.text(max_size=5))
def test_no_body_is_a_traceback(body: bytes, path: str, value: Any) -> None:
    assert isinstance(Content(pattern="a+", json=((path, value),)).mismatch(body), str)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "((a{1,1000}){1,1000}){1,1000}$"])
def test_search_without_end_is_ended_and_no_match(pattern: str) -> None:
    content = Content(pattern=pattern)
    assert "takes more than" in content.mismatch(b"a" * 60_000 + b"!")
    assert content.mismatch(b"aaa!") == "without body_pattern"


def test_pattern_is_refused_where_nothing_bounds_its_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_module, "HAS_REGEX", False)
    assert [*Content(json=(("a", 1),)).problems("GET")] == []
    assert ["pip install regex" in problem for problem in Content(pattern="ok").problems("GET")] == [True]


@pytest.mark.parametrize(
    ("content", "method", "said"),
    [
        (Content(file="clip.mp4"), "GET", "method GET sends no body"),
        (Content(pattern="ok"), "HEAD", "answers to HEAD have no body"),
        (Content(pattern="("), "GET", "no regular expression"),
        (Content(pattern="x*"), "GET", "found in an empty body"),
        (Content(pattern="x" * 501), "GET", "longer than 500"),
        (Content(json=(("a..b", 1),)), "GET", "joined by single dots"),
        (Content(json=(("", 1),)), "GET", "joined by single dots"),
        (Content(json=(("a", [1]),)), "GET", "no text, number"),
        (Content(json=(("a", {}),)), "GET", "no text, number"),
        (Content(json=(("a", float("nan")),)), "GET", "no text, number"),
    ],
)
def test_what_could_never_be_found_is_a_problem(content: Content, method: str, said: str) -> None:
    assert any(said in problem for problem in content.problems(method))


def test_usual_content_is_no_problem() -> None:
    assert list(Content("clip.mp4", "ok", (("a.0.b", None),)).problems("POST")) == []
