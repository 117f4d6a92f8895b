# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The release record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import (
    DEPLOY,
    RECORD_PREFIX,
    Lock,
    Measurement,
    Outcome,
    Release,
    finished,
    is_same_release,
    since_migration,
    timestamp,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.sequence import numbered_key

START = datetime(2026, 1, 1, tzinfo=UTC)


def release(number: int, digit: str, outcome: Outcome = Outcome.SUCCEEDED, kind: str = DEPLOY) -> Release:
    moment = START + timedelta(hours=number)
    return Release(
        service="web",
        release_id=numbered_key(RECORD_PREFIX, number),
        version=f"1.{number}.0-{digit * 40}",
        image=f"app@sha256:{digit * 64}",
        digest=f"sha256:{digit * 64}",
        commit=digit * 40,
        strategy="ROLLING",
        kind=kind,
        task_definition_arn=f"web:{digit}",
        started_at=timestamp(moment),
        started_by="me",
        outcome=outcome,
    )


def measured(verdict: Verdict) -> Measurement:
    return Measurement("http", verdict, "seen", "expected", 1, 0, timestamp(START), timestamp(START))


def test_release_is_finished_once_and_succeeds_only_when_healthy() -> None:
    begun = release(1, "a", Outcome.IN_PROGRESS)
    done = finished(begun, Outcome.SUCCEEDED, moment=START, reason="", gates=(measured(Verdict.HEALTHY),))
    assert done.verdict == "HEALTHY"
    with pytest.raises(ValueError, match="is finished"):
        finished(done, Outcome.FAILED, moment=START, reason="")
    with pytest.raises(ValueError, match="not an outcome"):
        finished(begun, Outcome.IN_PROGRESS, moment=START, reason="")


@pytest.mark.parametrize("gates", [(), (measured(Verdict.INCONCLUSIVE),), (measured(Verdict.ERROR),)])
def test_release_without_a_healthy_verdict_cannot_succeed(gates: tuple[Measurement, ...]) -> None:
    with pytest.raises(ValueError, match="cannot have succeeded"):
        finished(release(1, "a", Outcome.IN_PROGRESS), Outcome.SUCCEEDED, moment=START, reason="", gates=gates)


def test_lock_that_is_held_on_has_another_lease() -> None:
    lock = Lock("me", timestamp(START))
    assert lock.renewed() != lock
    assert lock.renewed().owner == "me"


def test_release_is_named_by_its_version_and_its_definition() -> None:
    assert release(1, "a").name == "1.1.0-" + "a" * 40
    assert replace(release(1, "a"), definition="3f2a").name == "1.1.0-" + "a" * 40 + " with definition 3f2a"


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ({"task_definition_arn": "web:1"}, {"task_definition_arn": "web:1", "digest": "other"}, True),
        ({"definition": "x"}, {"definition": "x", "task_definition_arn": "web:2"}, True),
        ({"definition": "x"}, {"definition": "y", "task_definition_arn": "web:2"}, False),
        ({"definition": "x"}, {"definition": "x", "digest": "other", "task_definition_arn": "web:2"}, False),
        ({"definition": ""}, {"definition": "", "task_definition_arn": "web:2"}, False),
    ],
)
def test_release_is_an_image_with_a_definition(left: dict[str, str], right: dict[str, str], same: bool) -> None:
    assert is_same_release(replace(release(1, "a"), **left), replace(release(1, "a"), **right)) is same


def test_what_was_released_since_the_last_accepted_migration() -> None:
    migrated = replace(release(1, "a"), migration="runs: it is the first")
    refused = replace(release(2, "b", Outcome.ROLLED_BACK), migration="runs: another")
    forced = release(3, "a")
    assert since_migration((migrated, forced, refused)) == (forced, refused, migrated)
    assert since_migration((forced, refused)) == (forced, refused)
    assert since_migration((migrated, release(0, "c"))) == (migrated,)
    assert since_migration(()) == ()
