# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a rollback goes."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import (
    DEPLOY,
    RECORD_PREFIX,
    ROLLBACK,
    Outcome,
    Release,
    is_same_release,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.rollback import rollback_target
from ansible_collections.fastbreak.aws.plugins.module_utils._release.sequence import numbered_key
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

OPEN, FAILED = Outcome.IN_PROGRESS, Outcome.FAILED


def made(number: int, what: str, outcome: Outcome = Outcome.SUCCEEDED, kind: str = DEPLOY) -> Release:
    """Release *number* of *what*: an image's letter and a definition's number, such as a1."""
    digit, definition = what
    return Release(
        service="web",
        release_id=numbered_key(RECORD_PREFIX, number),
        version=f"1.{ord(digit) - ord('a')}.0-{digit * 40}",
        image=f"app@sha256:{digit * 64}",
        digest=f"sha256:{digit * 64}",
        commit=digit * 40,
        strategy="ROLLING",
        kind=kind,
        task_definition_arn=f"arn:td/web:{what}",
        started_at="",
        started_by="me",
        definition=f"def{definition}",
        outcome=outcome,
    )


def history(*steps: str | tuple[str, Outcome] | tuple[str, Outcome, str]) -> tuple[Release, ...]:
    made_of = [(step,) if isinstance(step, str) else step for step in steps]
    return tuple(made(number, *step) for number, step in enumerate(made_of, 1))  # type: ignore[arg-type]


def target(past: Sequence[Release], running: str, version: str = "") -> str:
    chosen = rollback_target(tuple(past), f"arn:td/web:{running}", version)
    if chosen.release is None:
        return chosen.problem
    where = chosen.release.task_definition_arn.removeprefix("arn:td/web:")
    return f"stays on {where}" if chosen.already_there else where


BACK = (Outcome.SUCCEEDED, ROLLBACK)


@pytest.mark.parametrize(
    ("past", "running", "expected"),
    [
        (history("a1", "b1"), "b1", "a1"),
        (history("a1", "b1", ("c1", Outcome.ROLLED_BACK), "d1"), "d1", "b1"),
        # One image, three definitions: each is a release.
        (history("a1", "a2", "a3"), "a3", "a2"),
        (history("a1", "b1", "b2"), "b2", "b1"),
        # After a rollback it stays; after a deploy after it, it goes to what ran before.
        (history("a1", "b1", ("a1", *BACK)), "a1", "stays on a1"),
        (history("a1", "a2", ("a1", *BACK)), "a1", "stays on a1"),
        (history("a1", "b1", ("a1", *BACK), "c1"), "c1", "a1"),
        # A deploy that nobody saw the end of: away from it, or stay where it has not come to.
        (history("a1", "b1", ("c1", OPEN)), "c1", "b1"),
        (history("a1", "b1", ("c1", OPEN)), "b1", "stays on b1"),
        (history("a1", "a2", ("a3", OPEN)), "a3", "a2"),
        (history("a1", "b1", ("a1", *BACK), ("c1", OPEN)), "c1", "a1"),
        # A rollback that nobody saw the end of is gone on with, wherever the service is.
        (history("a1", "b1", "c1", ("b1", OPEN, ROLLBACK)), "b1", "b1"),
        (history("a1", "b1", "c1", ("b1", OPEN, ROLLBACK)), "c1", "b1"),
        # After an automatic rollback it is at the release before the failed one already.
        (history("a1", "b1", ("c1", Outcome.ROLLED_BACK)), "b1", "stays on b1"),
        (history("a1", "b1", ("c1", Outcome.ROLLED_BACK), ("c2", Outcome.ROLLED_BACK)), "b1", "stays on b1"),
        (history("a1", "b1", ("b2", Outcome.ROLLED_BACK)), "b1", "stays on b1"),
        (history("a1", "b1", ("a1", *BACK), ("c1", Outcome.ROLLED_BACK)), "a1", "stays on a1"),
        (history("a1", ("c1", Outcome.ROLLED_BACK)), "a1", "stays on a1"),
        # Neither has one whose migration failed been left.
        (history("a1", "b1", ("c1", FAILED)), "b1", "stays on b1"),
        # The running revision itself, deployed again, is gone back from; so is one that ran after the failed one.
        (history("a1", "b1", ("b1", Outcome.ROLLED_BACK)), "b1", "a1"),
        (history("a1", ("b1", Outcome.ROLLED_BACK), "c1"), "c1", "a1"),
        # A rollback that did not succeed is tried again.
        (history("a1", "b1", ("a1", Outcome.ROLLED_BACK, ROLLBACK)), "b1", "a1"),
        # A service that was left on a release that was never accepted.
        (history("a1", "b1", ("c1", FAILED)), "c1", "b1"),
        (history("a1", ("a2", FAILED)), "a2", "a1"),
    ],
)
def test_without_a_version(past: tuple[Release, ...], running: str, expected: str) -> None:
    assert target(past, running) == expected


@pytest.mark.parametrize(
    ("past", "running", "version", "expected"),
    [
        *(
            (history("a1", "b1"), "b1", version, "a1")
            for version in ("1.0.0", "1.0.0-" + "a" * 40, "sha256:" + "a" * 64)
        ),
        *((history("a1", "b1"), "a1", version, "stays on a1") for version in ("1.0.0", "sha256:" + "a" * 64)),
        (history("a1", "a2", "b1"), "b1", "1.0.0", "a2"),
        # The version runs already, with another definition.
        (history("a1", "a2"), "a2", "1.0.0", "a1"),
        (history("a1", "b1", "a2"), "a2", "sha256:" + "a" * 64, "a1"),
        (history("a1", "a2", ("a1", *BACK)), "a1", "1.0.0", "stays on a1"),
        (history("a1", "a2", ("a1", OPEN, ROLLBACK)), "a1", "1.0.0", "a1"),
        # One release exactly: by definition, revision or record.
        (history("a1", "a2", "b1"), "b1", "def1", "stays on b1"),
        (history("a1", "a2", "b2"), "b2", "web:a1", "a1"),
        (history("a1", "a2", "a3"), "a3", "def1", "a1"),
        (history("a1", "a2", "a3"), "a3", "web:a3", "stays on a3"),
        (history("a1", "a2", "b1"), "b1", numbered_key(RECORD_PREFIX, 1), "a1"),
        (history("a1", "a2", ("a3", OPEN)), "a3", "1.0.0", "a2"),
    ],
)
def test_with_a_version(past: tuple[Release, ...], running: str, version: str, expected: str) -> None:
    assert target(past, running, version) == expected


def test_without_a_target_it_says_what_there_is() -> None:
    past = history("a1")
    assert "no release before 1.0.0" in target(past, "a1")
    assert "with definition def1 has succeeded here" in target(past, "a1")
    assert "no release of 1.1.0" in target(past, "a1", "1.1.0")
    assert "not a recorded release" in target(past, "x1")
    assert "No release has succeeded here yet" in target([], "x1")
    assert "no release before 1.0.0" in target(history(("a1", OPEN)), "a1")


def test_records_without_a_definition_are_told_apart_by_their_revisions() -> None:
    past = [replace(release, definition="") for release in history("a1", "a2", "b1")]
    assert target(past, "b1") == "a2"
    assert target(past[:2], "a2") == "a1"


steps = st.tuples(
    st.sampled_from(["".join(pair) for pair in product("abc", "12")]),
    st.sampled_from([*Outcome, Outcome.SUCCEEDED, Outcome.SUCCEEDED]),
    st.sampled_from([DEPLOY, ROLLBACK]),
)


@given(st.lists(steps, min_size=1, max_size=8), st.data())
def test_it_goes_to_another_release_that_succeeded_or_stays_or_goes_on(
    made_of: list[tuple[str, Outcome, str]], data: st.DataObject
) -> None:
    past = history(*made_of)
    running = data.draw(st.sampled_from(past))
    chosen = rollback_target(past, running.task_definition_arn, "")
    if chosen.release is None:
        assert chosen.problem
    elif chosen.already_there:
        assert chosen.release.task_definition_arn == running.task_definition_arn
    elif not chosen.release.succeeded:
        assert (chosen.release, chosen.release.kind) == (past[-1], ROLLBACK)
    else:
        assert past[-1].in_progress or not is_same_release(chosen.release, running)


@given(st.lists(steps, min_size=1, max_size=8), st.data())
def test_run_again_after_it_succeeded_it_stays(made_of: list[tuple[str, Outcome, str]], data: st.DataObject) -> None:
    past = history(*made_of)
    version = data.draw(st.sampled_from(["", "1.0.0", "1.1.0", "web:a1", "def2"]))
    running = data.draw(st.sampled_from(past)).task_definition_arn
    chosen = rollback_target(past, running, version)
    if chosen.release is None:
        return
    again = chosen.release.task_definition_arn
    closed = [replace(release, outcome=FAILED) if release.in_progress else release for release in past]
    done = made(len(past) + 1, again[-2:], Outcome.SUCCEEDED, ROLLBACK)
    assert target([*closed, done], again[-2:], version) == f"stays on {again[-2:]}"
