# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate `labels`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.age import Age, AgePolicy
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.labels import (
    REVISION,
    LabelPolicy,
    Labels,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.subject import ConfigReading, read_config
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._promotion.gates.case import COMMIT, NOW, TAG, policy, problems, source_image

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import Judgement


def config(labels: Any = None) -> ConfigReading:
    inner = {"Labels": labels} if labels is not None else {}
    return read_config("linux/amd64", json.dumps({"config": inner}).encode())


def assess(asked: LabelPolicy, *configs: ConfigReading, tags: tuple[str, str] = (TAG, TAG)) -> Judgement:
    return Labels().assess(asked, configs, source_image(tags=tags), NOW)


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [
        ((config({REVISION: COMMIT}),), Verdict.HEALTHY),
        ((config({REVISION: COMMIT}), config({REVISION: COMMIT, "a": "b"})), Verdict.HEALTHY),
        ((config({REVISION: "f" * 40}),), Verdict.UNHEALTHY),
        ((config({REVISION: COMMIT[:12]}),), Verdict.UNHEALTHY),
        ((config({REVISION: COMMIT}), config({REVISION: "f" * 40})), Verdict.UNHEALTHY),
        ((config({REVISION: ""}),), Verdict.UNHEALTHY),
        ((config({}),), Verdict.UNHEALTHY),
        ((config(),), Verdict.UNHEALTHY),
        ((config({REVISION: COMMIT}), ConfigReading("arm64", problem="gone")), Verdict.ERROR),
        ((read_config("x", b"not json"),), Verdict.ERROR),
        ((), Verdict.INCONCLUSIVE),
    ],
)
def test_the_revision_is_the_commit_in_the_tag(readings: tuple[ConfigReading, ...], verdict: Verdict) -> None:
    assert assess(LabelPolicy(), *readings).verdict is verdict


@pytest.mark.parametrize(
    ("tags", "verdict"),
    [
        ((TAG, TAG), Verdict.HEALTHY),
        ((TAG, ""), Verdict.HEALTHY),
        (("", TAG), Verdict.HEALTHY),
        ((TAG, "stable"), Verdict.HEALTHY),
        ((f"{TAG}-dirty.0123456789ab", ""), Verdict.HEALTHY),
        (("", ""), Verdict.INCONCLUSIVE),
        (("latest", "stable"), Verdict.INCONCLUSIVE),
        # Renamed to a tag that names another commit.
        ((TAG, f"1.4.2-{'f' * 40}"), Verdict.UNHEALTHY),
    ],
)
def test_the_commit_is_that_of_either_tag(tags: tuple[str, str], verdict: Verdict) -> None:
    assert assess(LabelPolicy(), config({REVISION: COMMIT}), tags=tags).verdict is verdict


@pytest.mark.parametrize(
    ("required", "given_labels", "verdict"),
    [
        ((("team", ""),), {"team": "video"}, Verdict.HEALTHY),
        ((("team", "video"),), {"team": "video"}, Verdict.HEALTHY),
        ((("team", "video"),), {"team": "audio"}, Verdict.UNHEALTHY),
        ((("team", ""),), {"team": ""}, Verdict.UNHEALTHY),
        ((("team", ""),), {"other": "x"}, Verdict.UNHEALTHY),
        ((), {"other": "x"}, Verdict.HEALTHY),
        ((), None, Verdict.UNHEALTHY),
    ],
)
def test_required_labels_exist_with_their_values(required: Any, given_labels: Any, verdict: Verdict) -> None:
    asked = LabelPolicy(required, revision_is_tag=False)
    assert assess(asked, config(given_labels), tags=("latest", "")).verdict is verdict


@given(
    content=st.binary(max_size=100)
    | st.just(b"[" * 100_000)
    | st.just(b'{"created": ' + b"9" * 100_000 + b"}")
    | st.builds(
        lambda created, inner: json.dumps({"created": created, "config": inner}).encode(),
        st.none() | st.text(max_size=30) | st.integers() | st.floats() | st.lists(st.text(), max_size=2),
        st.none()
        | st.text(max_size=3)
        | st.dictionaries(
            st.sampled_from(["Labels", "Env"]),
            st.none()
            | st.integers()
            | st.dictionaries(st.sampled_from([REVISION, "a"]), st.none() | st.integers() | st.text(max_size=45)),
        ),
    )
)
def test_no_config_breaks_a_gate_and_none_passes_without_the_label(content: bytes) -> None:
    reading = read_config("linux/amd64", content)
    result = assess(LabelPolicy(), reading)
    assert result.verdict is not Verdict.HEALTHY
    assert result.seen.isprintable()
    assert Age().assess(AgePolicy(1), (reading,), source_image(), NOW).seen.isprintable()


def test_what_is_seen_and_expected_is_said() -> None:
    asked = LabelPolicy((("team", "video"), ("tier", "")))
    good = {REVISION: COMMIT, "team": "video", "tier": "1"}
    assert assess(asked, config(good)).seen == (f"linux/amd64: {REVISION}='{COMMIT}', team='video', tier='1'")
    assert assess(asked, config({"team": "audio"})).seen == (
        f"linux/amd64: label team is 'audio', not 'video'; label tier is missing; label {REVISION} is missing"
    )
    assert Labels().expect(asked, source_image()) == (
        f"each platform's image labelled with team=video, tier, {REVISION}={COMMIT}"
    )
    assert Labels().expect(LabelPolicy(), source_image(tags=("latest", ""))).endswith("=<the commit in the tag>")
    assert Labels().expect(LabelPolicy((), revision_is_tag=False), source_image()) == "a readable config"


def test_options_are_labels_and_whether_the_tag_counts() -> None:
    assert policy("labels") == LabelPolicy((), revision_is_tag=True)
    read = policy("labels", required={"team": "", "tier": "1"}, revision_is_tag=False)
    assert read == LabelPolicy((("team", ""), ("tier", "1")), revision_is_tag=False)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"required": {"team": None}}, "gates.labels.required.team has no value (null); write ''"),
        ({"required": {"version": 1.10}}, "gates.labels.required.version is read as the number 1.1"),
        ({"required": {"team": True}}, "gates.labels.required.team is read as true"),
        ({"required": {"": "video"}}, "names the label ''"),
        ({"required": {1: "video"}}, "names the label 1"),
        ({"revision_is_tag": False}, "so that nothing could fail"),
        ({"revision_is_tag": False, "required": {}}, "so that nothing could fail"),
    ],
)
def test_labels_that_nothing_could_fail_or_that_are_no_text_are_refused(options: dict[str, Any], told: str) -> None:
    assert told in " ".join(problems("labels", **options))
