"""The release record, and where a rollback goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import (
    DEPLOY,
    ROLLBACK,
    Lock,
    Measurement,
    Outcome,
    Release,
    finished,
    release_id,
    rollback_target,
    running_release,
    timestamp,
)
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 1, 1, tzinfo=UTC)


def release(number: int, digit: str, outcome: Outcome = Outcome.SUCCEEDED, kind: str = DEPLOY) -> Release:
    moment = START + timedelta(hours=number)
    return Release(
        service="web",
        release_id=release_id(moment, f"{number:08x}"),
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


def target(history: list[Release], running: str, version: str = "") -> str:
    chosen = rollback_target(tuple(history), running_release(tuple(history), running), version)
    if chosen.already_there:
        return "stays"
    return chosen.release.task_definition_arn if chosen.release else chosen.problem


def test_rollback_goes_to_the_newest_succeeded_release_before_with_another_digest() -> None:
    history = [release(1, "a"), release(2, "b"), release(3, "c", Outcome.ROLLED_BACK), release(4, "d"), release(5, "d")]
    assert target(history, "web:d") == "web:b"


def test_rollback_after_a_rollback_stays() -> None:
    history = [release(1, "a"), release(2, "b"), release(3, "a", kind=ROLLBACK)]
    assert target(history, "web:a") == "stays"


def test_rollback_after_a_deploy_after_a_rollback_goes_to_what_ran_before() -> None:
    history = [release(1, "a"), release(2, "b"), release(3, "a", kind=ROLLBACK), release(4, "c")]
    assert target(history, "web:c") == "web:a"


@pytest.mark.parametrize("version", ["1.1.0", "1.1.0-" + "a" * 40, "sha256:" + "a" * 64])
def test_rollback_to_a_named_release(version: str) -> None:
    history = [release(1, "a"), release(2, "b")]
    assert target(history, "web:b", version) == "web:a"
    assert target(history, "web:a", version) == "stays"


def test_rollback_without_a_target_says_what_there_is() -> None:
    history = [release(1, "a"), release(2, "b", Outcome.FAILED)]
    assert "no release before 1.1.0" in target(history, "web:a")
    assert "no release of 1.2.0" in target(history, "web:a", "1.2.0")
    assert "not a recorded release" in target(history, "web:x")
    assert "No release has succeeded here yet" in target([], "web:x")


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(list(Outcome))), max_size=8), st.sampled_from("abcd")
)
def test_rollback_never_goes_to_what_runs_nor_to_what_did_not_succeed(
    made: list[tuple[str, Outcome]], running: str
) -> None:
    history = tuple(release(number, digit, outcome) for number, (digit, outcome) in enumerate(made))
    chosen = rollback_target(history, running_release(history, f"web:{running}"), "")
    if chosen.release and not chosen.already_there:
        assert chosen.release.succeeded
        assert chosen.release.digest != f"sha256:{running * 64}"
    else:
        assert chosen.problem


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


def test_record_keys_sort_by_time_and_locks_expire() -> None:
    ids = [release_id(START + timedelta(milliseconds=number), "00000000") for number in range(3)]
    assert ids == sorted(ids)
    assert ids[0] == "R#2026-01-01T00:00:00.000Z#00000000"
    lock = Lock("me", timestamp(START), int(START.timestamp()) + 90)
    assert lock.held_at(START + timedelta(seconds=89))
    assert not lock.held_at(START + timedelta(seconds=90))
