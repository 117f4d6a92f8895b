# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same work on many items."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._site.parallel import in_parallel


def test_results_are_in_the_items_order() -> None:
    assert in_parallel(lambda number: number * 2, range(20), 4) == [number * 2 for number in range(20)]
    assert in_parallel(str, [], 4) == []


def test_nothing_is_begun_after_an_error() -> None:
    begun = []

    def work(number: int) -> None:
        begun.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        in_parallel(work, range(1000), 1)
    assert len(begun) < 1000
