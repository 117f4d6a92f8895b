# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate on HTTP answers: what is counted, and what the counts mean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.image import ReleaseImage
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.content import Content
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import gate_problems
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Phase, Stage
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer, Condition, ListenerRule
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.case import deploy
from tests.unit.plugins.module_utils._rollout.gates.measuring import read, scene

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_tally import HttpTally
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

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
        ([BAD] * 2, True, Verdict.INCONCLUSIVE),
        ([BAD] * 3, False, Verdict.UNHEALTHY),
        ([BALANCER] * 3, False, Verdict.UNHEALTHY),
        ([NONE] * 3, False, Verdict.UNHEALTHY),
        ([GOOD] * 9 + [BAD], True, Verdict.HEALTHY),
        ([GOOD] * 18 + [BAD] * 2, True, Verdict.HEALTHY),
        ([GOOD] * 18 + [BAD] * 3, True, Verdict.INCONCLUSIVE),
        ([GOOD] * 10 + [BAD] * 10, True, Verdict.UNHEALTHY),
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
    assert gate.assess(tally(*[BAD] * 3, gate=gate), baked=True) is Verdict.UNHEALTHY
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


@pytest.mark.parametrize(("bad", "verdict"), [(Answer(200, "v2"), Verdict.UNHEALTHY), (BAD, Verdict.HEALTHY)])
def test_one_answer_of_a_fatal_status_refuses_where_others_are_chance(bad: Answer, verdict: Verdict) -> None:
    gate = replace(GATE, expected_status=(401,), fatal_status=(200,), maximum_failure_ratio=0.1)
    counted = tally(*[Answer(401, "v2")] * 99, bad, gate=gate)
    assert gate.assess(counted, baked=True) is verdict
    # Nor is it explained by how many gates there are.
    assert (gate.p_value(counted) == 0) is (verdict is Verdict.UNHEALTHY)
    assert "other than 401, and none of them 200, over" in gate.expected()
    assert list(gate.problems()) == []
    assert gate.assess(tally(replace(bad, version="v1"), gate=gate), baked=False) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("fatal", "problem"), [((200,), "both hold 200"), ((20,), "fatal_status holds a number")])
def test_fatal_statuses_that_make_no_sense_are_refused(fatal: tuple[int, ...], problem: str) -> None:
    assert problem in " ".join(replace(GATE, fatal_status=fatal).problems())


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
    gate = HttpGate(name="ready", url="http://alb/", minimum_samples=8, maximum_failure_ratio=0.25)
    counted = tally(*answers, gate=gate)
    if gate.assess(counted, baked=baked) is Verdict.UNHEALTHY:
        assert counted.failures > counted.samples / 4
        assert gate.assess(gate.count(counted, BAD, "v2"), baked=baked) is Verdict.UNHEALTHY
        for _ in range(counted.samples, 4 * counted.failures):
            assert gate.assess(counted, baked=True) is not Verdict.HEALTHY
            counted = gate.count(counted, GOOD, "v2")
        assert gate.assess(counted, baked=baked) is not Verdict.UNHEALTHY


def test_redirect_is_named_with_what_to_do_about_it() -> None:
    said = GATE.seen(tally(Answer(302, version="v2", location="https://login.example.com/sign-in")))
    assert "redirected to https://login.example.com/sign-in, which is not followed: set the gate's path" in said
    followed = HttpGate(name="ready", url="http://alb/", expected_status=(302,))
    assert "redirected" not in followed.seen(tally(Answer(302, version="v2", location="/x"), gate=followed))


LATENCY = replace(GATE, maximum_latency_seconds=0.5, latency_quantile=0.9)
SLOW = replace(GOOD, seconds=0.6)


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([GOOD] * 10, Verdict.HEALTHY),
        ([GOOD] * 9 + [SLOW], Verdict.HEALTHY),
        ([GOOD] * 8 + [SLOW] * 2, Verdict.INCONCLUSIVE),
        ([SLOW] * 4, Verdict.UNHEALTHY),
        ([replace(GOOD, seconds=float("nan"))] * 4, Verdict.UNHEALTHY),
        ([NONE] * 4, Verdict.UNHEALTHY),
        ([], Verdict.INCONCLUSIVE),
    ],
)
def test_share_of_slow_answers_is_judged_like_failures(answers: list[Answer], verdict: Verdict) -> None:
    counted = tally(*answers, gate=LATENCY)
    assert LATENCY.assess(counted, baked=True) is verdict
    if verdict is Verdict.UNHEALTHY:
        assert LATENCY.p_value(counted) <= 0.01


def test_latency_is_told_only_where_it_is_looked_at() -> None:
    assert "1 took longer than 0.5 s" in LATENCY.seen(tally(GOOD, SLOW, gate=LATENCY))
    assert "took longer" not in GATE.seen(tally(GOOD, SLOW))
    assert "90.0% of them within 0.5 s" in LATENCY.expected()


def test_answer_with_another_body_fails_and_says_so() -> None:
    gate = replace(GATE, content=Content(json=(("status", "ok"),)))
    right, wrong = replace(GOOD, body=b'{"status": "ok"}'), replace(GOOD, body=b'{"status": "down"}')
    assert gate.assess(tally(*[right] * 10, gate=gate), baked=True) is Verdict.HEALTHY
    assert gate.assess(tally(*[wrong] * 3, gate=gate), baked=True) is Verdict.UNHEALTHY
    assert gate.assess(tally(*[GOOD] * 3, gate=gate), baked=True) is Verdict.UNHEALTHY
    assert "2 failed (1 x 200 with another status, 1 x 500)" in gate.seen(tally(wrong, BAD, gate=gate)).replace(
        "of 2 ", ""
    )
    assert 'other than 200 with status "ok"' in gate.expected()


def test_what_is_sent_and_kept_is_what_the_gate_needs(world: World, ports: Ports) -> None:
    asked: list[dict[str, Any]] = []
    world.request = lambda *_args, **named: asked.append(named) or GOOD  # type: ignore[method-assign, func-returns-value]
    post = replace(GATE, method="POST", content=Content(file="clip.mp4", pattern="x"))
    for gate in (GATE, post):
        gate.measure(gate.begin(), scene(ports))
    assert [(named["body"], named["keep_bytes"]) for named in asked] == [(b"", 0), (b"what clip.mp4 holds", 1 << 20)]


def test_request_that_changes_something_is_not_sent_again_after_an_undo() -> None:
    rules = [ListenerRule("l", 7, frozenset({"/*"}), "g", frozenset({"a.example.com"}))]
    gate = replace(GATE, method="POST")
    assert (gate.user_request(), gate.requests_by(rules)) == (None, ())
    assert gate.measuring_seconds == gate.request_timeout_seconds


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"maximum_latency_seconds": 0}, "maximum_latency_seconds must be above 0"),
        ({"maximum_latency_seconds": 6}, "at most request_timeout_seconds"),
        ({"maximum_latency_seconds": float("nan")}, "maximum_latency_seconds must be above 0"),
        ({"latency_quantile": 1}, "latency_quantile must be"),
        ({"latency_quantile": 0}, "latency_quantile must be"),
        ({"latency_quantile": float("nan")}, "latency_quantile must be"),
        ({"body_file": "x"}, "sends no body"),
        ({"body_pattern": "["}, "no regular expression"),
    ],
)
def test_options_that_contradict_are_problems(options: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in gate_problems(read("http", **options), 5.0))


def test_file_that_is_not_there_is_refused_beforehand(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    world.missing.add("clip.mp4")
    sends = replace(GATE, method="POST", content=Content(file="clip.mp4"), deadline_seconds=120.0)
    with pytest.raises(RefusedError, match=r"Gate ready sends file clip\.mp4, which does not exist"):
        deploy(ports, "1.0.0", gates=(sends,))


@pytest.mark.parametrize(
    ("options", "percent", "samples", "interval"),
    [
        ({"minimum_samples": 100}, 10.0, 10, 0.1),
        ({"minimum_samples": 100}, 50.0, 50, 0.25),
        ({"minimum_samples": 100}, 1.0, 5, 0.1),
        ({"minimum_samples": 3}, 10.0, 3, 0.1),
        ({"minimum_samples": 100, "interval_seconds": 10.0}, 10.0, 10, 1.0),
        ({"minimum_samples": 100, "interval_seconds": 0.05}, 10.0, 10, 0.05),
        ({"minimum_samples": 100, "method": "POST"}, 10.0, 10, 0.5),
    ],
)
def test_where_some_users_reach_the_release_it_is_asked_as_much_more_often(
    options: dict[str, Any], percent: float, samples: int, interval: float
) -> None:
    there = replace(GATE, **options).at(Phase(Stage.EACH_STEP, percent))
    assert there
    assert (there.minimum_samples, there.interval_seconds) == (samples, pytest.approx(interval))
    assert there.answering_seconds(percent) == pytest.approx(samples * interval * 100 / percent)


def test_release_is_compared_only_where_some_of_the_users_reach_it() -> None:
    gate = read("http", path="/readyz", maximum_latency_increase=1.0, latency_quantile=0.9, minimum_samples=20)
    step = gate.at(Phase(Stage.EACH_STEP, 10.0))
    assert step is not None
    assert "times what 90.0% of those take" in step.expected()
    for phase in (Phase(Stage.AFTER_TRAFFIC), Phase(Stage.BEFORE_TRAFFIC, 0.0, "http://alb:8443")):
        there = gate.at(phase)
        assert there is not None
        assert "times what" not in there.expected()


def test_answers_of_both_versions_to_the_same_requests_are_compared_and_wrong_ones_are_not() -> None:
    gate = replace(GATE, maximum_latency_increase=1.0, latency_quantile=0.9, minimum_samples=3)
    theirs = [replace(OTHER, seconds=0.1), Answer(500, "v1", seconds=9.0), Answer(503, seconds=9.0)] * 9
    slow = tally(*[*theirs, replace(GOOD, seconds=0.3)] * 4, gate=gate)
    assert (slow.compared, slow.exceeding) == (4, 4)
    assert "4 of 4 that were compared took longer" in gate.seen(slow)
    fine = tally(*[*[replace(OTHER, seconds=0.1)] * 9, replace(GOOD, seconds=0.2)] * 4, gate=gate)
    assert (fine.exceeding, gate.assess(fine, baked=True)) == (0, Verdict.HEALTHY)
    slow = tally(*[*[replace(OTHER, seconds=0.1)] * 9, replace(GOOD, seconds=0.3)] * 6, gate=gate)
    assert (slow.failures, gate.assess(slow, baked=False)) == (0, Verdict.UNHEALTHY)


def test_comparison_needs_to_know_whose_an_answer_is() -> None:
    gate = replace(GATE, maximum_latency_increase=1.0, version_header="")
    assert any("maximum_latency_increase needs version_header" in problem for problem in gate_problems(gate, 5))


def test_comparison_waits_for_the_answers_of_whichever_version_answers_less() -> None:
    gate = replace(GATE, maximum_latency_increase=1.0, latency_quantile=0.95, minimum_samples=20, interval_seconds=1.0)
    assert gate.answering_seconds(10.0) == pytest.approx(200)
    assert gate.answering_seconds(95.0) == pytest.approx(19 * 20)
    assert gate.answering_seconds(100.0) == pytest.approx(20)
