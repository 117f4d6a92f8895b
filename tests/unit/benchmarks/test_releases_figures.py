# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cell of the table says of what was seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.releases.figures import Course, Said, cell
from benchmarks.releases.kinds import BY_NAME, KINDS
from benchmarks.releases.load import Sample
from benchmarks.releases.plans import Planned
from benchmarks.releases.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Mapping

GOOD, BAD = BY_NAME["good"], BY_NAME["status-500"]
SEEN = Seen(started=110.0, judged=115.0, undone=130.0, verdict=129.0, migration=4.0, cleaning=6.0)
COURSE = Course(began=100.0, ended=160.0, said=Said.REFUSED, seen=SEEN, old_runs=True, new_runs=False, baked=20.0)
NEVER = {"undone": None}


def course(seen: Mapping[str, Any] | None = None, **change: Any) -> Course:
    return replace(COURSE, seen=replace(SEEN, **(seen or {})), **change)


def sample(began: float, version: str = "old", *, good: bool = True, seconds: float = 0.1) -> Sample:
    return Sample(began, began + seconds, 200 if good else 500, version, good)


def test_there_are_the_kinds_that_the_table_promises() -> None:
    assert len(KINDS) == len(BY_NAME) == 19
    assert [kind.name for kind in KINDS if kind.good] == ["good", "slow-boot"]
    assert sum(kind.peers for kind in KINDS) == 5


@pytest.mark.parametrize(
    ("kind", "change", "right"),
    [
        (BAD, {}, True),
        (BAD, {"old_runs": False}, False),
        (BAD, {"said": Said.ACCEPTED, "old_runs": False, "new_runs": True}, False),
        (BAD, {"said": Said.NOTHING}, False),
        (GOOD, {}, False),
        (GOOD, {"said": Said.ACCEPTED, "old_runs": False, "new_runs": True}, True),
        (GOOD, {"said": Said.ACCEPTED, "old_runs": False}, False),
        (GOOD, {"said": Said.NOTHING, "new_runs": True}, False),
    ],
)
def test_who_told_right(kind, change, right) -> None:
    assert cell(Planned(kind, "ROLLING"), course(**change), [], "new").right is right


@pytest.mark.parametrize(
    ("seen", "said", "seconds"),
    [
        ({}, Said.REFUSED, 20.0),
        ({"started": None, **NEVER}, Said.REFUSED, 60.0),
        (NEVER, Said.REFUSED, 60.0),
        ({}, Said.ACCEPTED, None),
        (NEVER, Said.NOTHING, None),
        ({}, Said.NOTHING, 20.0),
    ],
)
def test_how_long_it_took_to_detect(seen: dict[str, None], said: Said, seconds: float | None) -> None:
    assert cell(Planned(BAD, "ROLLING"), course(seen, said=said), [], "new").to_detect == seconds


@pytest.mark.parametrize(
    ("seen", "change", "seconds"),
    [
        # 60 s in all, without 4 s of migration, 5 s of starting tasks, 20 s of judging and 6 s of stopping tasks.
        ({}, {"said": Said.ACCEPTED}, 25.0),
        # And without 2 s in which ECS moved from stage to stage.
        ({"moving": 2.0}, {"said": Said.ACCEPTED}, 23.0),
        ({}, {"said": Said.REFUSED}, None),
        ({"judged": None}, {"said": Said.ACCEPTED}, None),
        ({"started": None}, {"said": Said.ACCEPTED}, None),
        ({}, {"said": Said.ACCEPTED, "baked": None}, None),
    ],
)
def test_what_a_good_release_took_of_our_own(
    seen: dict[str, float | None], change: dict[str, Any], seconds: float | None
) -> None:
    assert cell(Planned(GOOD, "CANARY"), course(seen, **change), [], "new").own == seconds
    assert cell(Planned(GOOD, "CANARY", 5, killed_after=1.0), course(seen, **change), [], "new").own is None


def test_failures_before_and_after_the_shift_are_told_apart() -> None:
    samples = [
        sample(90.0, good=False),  # before the deployment
        sample(101.0, good=False),
        sample(120.0, "new", good=False),
        sample(121.0, "new"),
        sample(122.0),
        sample(131.0, "new", good=False, seconds=0.5),
        sample(140.0, "", good=False, seconds=2.0),
        sample(150.0),
    ]
    found = cell(Planned(BAD, "CANARY", 3), COURSE, samples, "new")
    assert found.key == ("status-500", "CANARY", 3)
    assert (found.requests, found.failed, found.failed_before_shift) == (7, 4, 1)
    assert found.statuses == {"500": 4}
    assert found.to_restore == pytest.approx(12.0)
    assert found.verdict_to_restored == pytest.approx(13.0)
    assert found.new_share == pytest.approx(3 / 4)


def test_what_was_given_up_before_anything_ran_took_nothing_back() -> None:
    found = cell(Planned(BAD, "ROLLING"), course({"started": None, **NEVER}), [sample(120.0)], "new")
    assert (found.to_restore, found.verdict_to_restored, found.failed, found.new_share) == (None, None, 0, 0.0)


@given(st.lists(st.builds(sample, st.floats(90, 170), st.sampled_from(["old", "new", ""]), good=st.booleans())))
def test_counts_hold_together(samples: list[Sample]) -> None:
    found = cell(Planned(BAD, "ROLLING"), COURSE, samples, "new")
    assert 0 <= found.failed_before_shift <= found.failed <= found.requests <= len(samples)
    assert 0 <= found.new_share <= 1
    assert found.to_restore is not None
    assert found.to_restore >= 0
