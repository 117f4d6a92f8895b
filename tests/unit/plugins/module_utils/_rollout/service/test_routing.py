# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which requests a rule takes, and whether samples stand for all of them."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.routing import (
    Part,
    Request,
    samples,
    unmet,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.wildcards import matches
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Condition, ListenerRule
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.examples import examples

TEAM = Condition("http-header", frozenset({"physio*"}), "X-Team")
BETA = Condition("query-string", frozenset({"1"}), "beta")
ANY = Condition("query-string", frozenset({"yes"}))
HOME = Condition("source-ip", frozenset({"10.0.0.0/9", "10.128.0.0/9"}))
READ = Condition("http-request-method", frozenset({"GET", "HEAD"}))
REGEX = Condition("path-pattern, as no rollout writes it", frozenset({"{}"}))


def rule(*conditions: Condition, paths: tuple[str, ...] = ("/*",), hosts: tuple[str, ...] = ()) -> ListenerRule:
    return ListenerRule("l", 1, frozenset(paths), "g", frozenset(hosts), conditions=frozenset(conditions))


def asked(host: str = "a.example", path: str = "/", **other: object) -> Request:
    return Request(host, path, **other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "request_", "parts"),
    [
        (rule(), asked(), ()),
        (rule(hosts=("A.example",)), asked(), ()),
        (rule(hosts=("b.example",), paths=("/V1/*",)), asked(path="/v1/x"), (Part("host"), Part("path"))),
        (rule(TEAM), asked(headers=(("x-team", "Physio-1"),)), ()),
        (rule(TEAM), asked(headers=(("x-team", "medical"),)), (Part("header", "X-Team"),)),
        (rule(TEAM), asked(), (Part("header", "X-Team"),)),
        (rule(BETA), asked(query=(("beta", "1"),)), ()),
        (rule(BETA), asked(query=(("alpha", "1"),)), (Part("query", "beta"),)),
        (rule(ANY), asked(query=(("alpha", "yes"),)), ()),
        (rule(HOME), asked(source="10.0.0.0/8"), ()),
        (rule(HOME), asked(source="10.0.0.0/7"), (Part("source"),)),
        (rule(HOME), asked(source="*"), (Part("source"),)),
        (rule(HOME), asked(), ()),
        (rule(Condition("source-ip", frozenset({"0.0.0.0/0", "::/0"}))), asked(source="*"), ()),
        (rule(READ), asked(method="HEAD"), ()),
        (rule(READ), asked(method="get"), (Part("method"),)),
        (rule(READ), asked(), (Part("method"),)),
        (rule(REGEX), asked(), ()),
    ],
)
def test_what_of_a_request_a_rule_does_not_take(
    wanted: ListenerRule, request_: Request, parts: tuple[Part, ...]
) -> None:
    assert unmet(wanted, request_) == parts


def test_samples_are_taken_by_the_rule_and_named_by_its_patterns() -> None:
    whole = rule(TEAM, BETA, ANY, HOME, READ, paths=("/v1/*", "*.png"), hosts=("*.example", "b.example"))
    made = list(samples(whole))
    assert made
    assert all(not unmet(whole, sample.request) for sample in made)
    assert {sample.name(Part("path")) for sample in made} == {"path /v1/*", "path *.png"}
    assert {sample.name(Part("host")) for sample in made} == {"host *.example", "host b.example"}
    assert {sample.name(Part("source")) for sample in made} == {"source 10.0.0.0/9", "source 10.128.0.0/9"}
    assert {sample.name(Part("method")) for sample in made} == {"method GET", "method HEAD"}
    assert made[0].name(Part("header", "X-Team")) == "header X-Team"
    assert made[0].name(Part("query")) == "query *"
    bare = next(samples(rule(REGEX)))
    assert [bare.name(Part(kind)) for kind in ("host", "path", "source", "method")] == [
        "host *",
        "path /*",
        "source *",
        "method *",
    ]


PIECES = st.lists(st.sampled_from(["*", "?", "a", "b"]), max_size=4).map(lambda pieces: f"/{''.join(pieces)}")
EVERY_PATH = [f"/{''.join(text)}" for length in range(6) for text in itertools.product("abc", repeat=length)]


@example({"/*a*"}, {"/a", "/?*a?*"})
@examples(200)
@given(st.sets(PIECES, min_size=1, max_size=3), st.sets(PIECES, min_size=1, max_size=3))
def test_rules_that_take_every_sample_take_every_request(old: set[str], new: set[str]) -> None:
    after = rule(paths=tuple(new))
    lost = [
        path
        for path in EVERY_PATH
        if any(matches(pattern, path, cased=True) for pattern in old)
        and not any(matches(pattern, path, cased=True) for pattern in new)
    ]
    told = [sample for sample in samples(rule(paths=tuple(old))) if unmet(after, sample.request)]
    assert bool(told) >= bool(lost), (old, new, lost)
