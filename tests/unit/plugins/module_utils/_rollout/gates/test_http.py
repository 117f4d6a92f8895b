# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate on HTTP answers: what is counted, and what the counts mean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._release.image import ReleaseImage
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate, HttpTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer, Condition, ListenerRule
from hypothesis import given
from hypothesis import strategies as st

GATE = HttpGate(name="ready", url="http://alb/readyz", minimum_samples=10, maximum_failure_ratio=0.1)
GOOD, BAD, OTHER = Answer(200, "v2"), Answer(500, "v2"), Answer(200, "v1")
NONE, BALANCER, DOWN = Answer(0, problem="timed out"), Answer(503), Answer(0, problem="refused", unreachable=True)


def tally(*answers: Answer, gate: HttpGate = GATE) -> HttpTally:
    counted = gate.begin()
    for answer in answers:
        counted = gate.count(counted, answer, "v2")
    return counted


@pytest.mark.parametrize(
    ("answers", "baked", "verdict"),
    [
        ([], True, Verdict.INCONCLUSIVE),
        ([GOOD] * 9, True, Verdict.INCONCLUSIVE),
        ([GOOD] * 10, True, Verdict.HEALTHY),
        ([GOOD] * 10, False, Verdict.INCONCLUSIVE),
        ([OTHER] * 50, True, Verdict.INCONCLUSIVE),
        ([BAD], True, Verdict.INCONCLUSIVE),
        ([BAD] * 2, False, Verdict.UNHEALTHY),
        ([BALANCER] * 2, False, Verdict.UNHEALTHY),
        ([NONE] * 2, False, Verdict.UNHEALTHY),
        ([GOOD] * 9 + [BAD], True, Verdict.HEALTHY),
        ([GOOD] * 18 + [BAD] * 2, True, Verdict.HEALTHY),
        ([GOOD] * 18 + [BAD] * 3, True, Verdict.UNHEALTHY),
        ([DOWN] * 50, True, Verdict.ERROR),
        ([GOOD] * 20 + [DOWN], True, Verdict.ERROR),
        ([GOOD] * 20 + [DOWN, GOOD], True, Verdict.HEALTHY),
        ([GOOD, DOWN, GOOD], True, Verdict.ERROR),
        ([BAD] * 5 + [DOWN], False, Verdict.UNHEALTHY),
    ],
)
def test_verdict_of_answers(answers: list[Answer], baked: bool, verdict: Verdict) -> None:
    assert GATE.assess(tally(*answers), baked=baked) is verdict


def test_answer_of_no_release_is_no_failure_where_requests_may_not_be_let_in() -> None:
    home = frozenset({Condition("source-ip", frozenset({"10.0.0.0/8"}))})
    gate = GATE.aimed([ListenerRule("l", 7, frozenset({"/*"}), "g", conditions=home)])
    refused = tally(*[Answer(404)] * 5, gate=gate)
    assert gate.assess(refused, baked=True) is Verdict.ERROR
    assert "404 of no release; rule 7 of listener_rules takes requests from 10.0.0.0/8 only" in gate.seen(refused)
    assert gate.assess(tally(*[BAD] * 2, gate=gate), baked=True) is Verdict.UNHEALTHY
    assert gate.assess(tally(*[GOOD] * 10, gate=gate), baked=True) is Verdict.HEALTHY


def test_gate_is_aimed_at_the_rule_for_its_path() -> None:
    conditions = frozenset({Condition("http-header", frozenset({"physio"}), "X-Team")})
    aimed = replace(GATE, headers=(("Accept", "*/*"),)).aimed(
        [ListenerRule("l", 1, frozenset({"/*"}), "g", conditions=conditions)]
    )
    assert aimed.headers == (("Accept", "*/*"),)
    assert aimed.user_request().headers == (("Accept", "*/*"), ("X-Team", "physio"))
    assert "physio" in list(aimed.secrets())
    post = frozenset({Condition("http-request-method", frozenset({"POST"}))})
    untaken = GATE.aimed([ListenerRule("l", 1, frozenset({"/*"}), "g", conditions=post)])
    assert "it sends GET, which no rule of listener_rules takes" in " ".join(untaken.problems())


def test_gate_asks_what_it_names_itself_and_says_which_rule_takes_something_else() -> None:
    rules = [ListenerRule("l", 7, frozenset({"/*"}), "g", frozenset({"api.exmaple.com"}))]
    gate = replace(GATE, url="https://api.example.com/readyz").aimed(rules)
    assert (gate.user_request().url, gate.user_request().headers) == ("https://api.example.com/readyz", ())
    said = gate.seen(tally(*[BALANCER] * 2, gate=gate))
    assert "host api.example.com, where rule 7 of listener_rules takes api.exmaple.com: correct that rule" in said
    assert "api.exmaple.com" not in gate.seen(tally(GOOD, gate=gate))
    named = replace(GATE, headers=(("Host", "api.example.com"), ("X-Key", "hush-hush"))).aimed(rules)
    assert named.user_request().headers == named.headers
    # A host is no secret, and messages name it.
    assert list(named.secrets()) == ["hush-hush"]


def test_gate_asks_by_the_rules_that_it_is_given_as_well() -> None:
    before = [ListenerRule("l", 7, frozenset({"/*"}), "g", frozenset({"a.example.com", "b.example.com"}))]
    now = [ListenerRule("l", 7, frozenset({"/*"}), "g", frozenset({"c.example.com"}))]
    asked = GATE.aimed(now).requests_by(before)
    assert [dict(request.headers)["Host"] for request in asked] == ["a.example.com", "b.example.com"]
    assert {request.url for request in asked} == {GATE.url}
    assert GATE.requests_by([]) == ()


@pytest.mark.parametrize(("name", "value"), [("a b", "c"), ("", "c"), ("a", "c\r\nd: e"), ("a", "\u00e9")])
def test_header_that_cannot_be_sent_is_refused(name: str, value: str) -> None:
    assert "cannot be sent" in " ".join(replace(GATE, headers=((name, value),)).problems())


def test_without_a_version_header_every_answer_counts() -> None:
    gate = HttpGate(name="ready", url="http://alb/", minimum_samples=2, version_header="")
    assert gate.assess(tally(Answer(200), Answer(200), gate=gate), baked=True) is Verdict.HEALTHY


def test_description_says_what_was_counted() -> None:
    assert GATE.seen(tally(GOOD, BAD, OTHER, BALANCER, DOWN)) == (
        "GET http://alb/readyz: 2 of 3 failed (1 x 200, 1 x 500, 1 x 503 without the version header); "
        "1 from another release not counted; 1 could not be sent (refused)"
    )


@pytest.mark.parametrize(("tag", "header", "fits"), [("v2", "x-v", True), ("", "x-v", False), ("", "", True)])
def test_release_without_a_tag_cannot_be_told_apart_by_a_header(tag: str, header: str, fits: bool) -> None:
    gate = HttpGate(name="ready", url="http://alb/", version_header=header)
    assert bool(list(gate.misfits(ReleaseImage("sha256:a", tag)))) is not fits


@given(st.lists(st.sampled_from([GOOD, BAD, OTHER, NONE, BALANCER, DOWN]), max_size=60))
def test_healthy_always_rests_on_enough_good_answers(answers: list[Answer]) -> None:
    counted = tally(*answers)
    assert counted.samples == sum(answer not in (OTHER, DOWN) for answer in answers)
    assert counted.failures == sum(answer in (BAD, NONE, BALANCER) for answer in answers)
    if GATE.assess(counted, baked=True) is Verdict.HEALTHY:
        assert counted.samples >= GATE.minimum_samples
        assert counted.failures <= GATE.maximum_failure_ratio * counted.samples
        assert answers[-1] is not DOWN


@given(st.lists(st.sampled_from([GOOD, BAD, OTHER, NONE, DOWN]), max_size=40), st.booleans())
def test_unhealthy_stays_unhealthy_until_good_answers_outweigh(answers: list[Answer], baked: bool) -> None:
    # A quarter is exact in binary: every fourth answer may fail, the fifth may not.
    gate = HttpGate(name="ready", url="http://alb/", minimum_samples=8, maximum_failure_ratio=0.25)
    counted = tally(*answers, gate=gate)
    outweighed_at = max(4 * counted.failures, gate.minimum_samples)
    unhealthy = gate.assess(counted, baked=baked) is Verdict.UNHEALTHY
    assert unhealthy == (counted.failures > max(counted.samples, gate.minimum_samples) / 4)
    if unhealthy:
        assert gate.assess(gate.count(counted, BAD, "v2"), baked=baked) is Verdict.UNHEALTHY
        for _ in range(counted.samples, outweighed_at):
            assert gate.assess(counted, baked=baked) is Verdict.UNHEALTHY
            counted = gate.count(counted, GOOD, "v2")
        assert gate.assess(counted, baked=baked) is not Verdict.UNHEALTHY


def test_redirect_is_named_with_what_to_do_about_it() -> None:
    said = GATE.seen(tally(Answer(302, version="v2", location="https://login.example.com/sign-in")))
    assert "redirected to https://login.example.com/sign-in, which is not followed: set the gate's path" in said
    followed = HttpGate(name="ready", url="http://alb/", expected_status=(302,))
    assert "redirected" not in followed.seen(tally(Answer(302, version="v2", location="/x"), gate=followed))
