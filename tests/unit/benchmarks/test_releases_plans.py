# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is deployed in which order."""

from __future__ import annotations

import pytest

from benchmarks.releases.images import tag_of
from benchmarks.releases.kinds import BY_NAME, KINDS, PEERS, STRATEGIES
from benchmarks.releases.plans import among_faults, in_a_row, table


def test_the_peers_are_tried_with_some_kinds() -> None:
    found = table(KINDS, ["ROLLING", "aws"])
    assert [planned.kind for planned in found if planned.way == "ROLLING"] == list(KINDS)
    assert [planned.kind.name for planned in found if planned.way == "aws"] == [
        "good", "crash-at-start", "never-ready", "status-500", "image-missing",
    ]  # fmt: skip
    assert table([BY_NAME["leak"]], ["aws"]) == []


def test_good_releases_in_a_row_by_each_strategy() -> None:
    found = in_a_row([*STRATEGIES, *PEERS], 10)
    assert len(found) == 40
    assert all(planned.kind.good and planned.killed_after is None for planned in found)
    assert len({planned.key for planned in found}) == len({planned.name for planned in found}) == 40


@pytest.mark.parametrize(("count", "killed"), [(1, 0), (5, 1), (50, 5), (54, 5), (60, 6)])
def test_among_faults_one_of_ten_is_killed(count: int, killed: int) -> None:
    found = among_faults(STRATEGIES, count)
    assert [planned.number for planned in found] == list(range(1, count + 1))
    assert sum(planned.killed_after is not None for planned in found) == killed
    assert found == among_faults(STRATEGIES, count)


def test_no_bad_release_reaches_users_among_faults() -> None:
    bad = [planned for planned in among_faults(STRATEGIES, 50) if not planned.kind.good]
    assert {planned.way for planned in bad} == {"BLUE_GREEN", "CANARY"}
    assert {planned.way for planned in among_faults(["CANARY"], 50)} == {"CANARY"}


def test_each_release_of_a_series_has_a_tag_of_its_own() -> None:
    tags = {tag_of(kind, number) for kind in (None, *KINDS) for number in range(51)}
    assert len(tags) == 20 * 51
