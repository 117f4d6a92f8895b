# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which records of other services belong to the same release."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.siblings import names_of_others, siblings

LEAD = {
    "service": "api",
    "services": ["worker", "api"],
    "digest": "a",
    "kind": "deploy",
    "started_at": "2026-01-01T10:00:00Z",
}


def worker(minute: int, **other: Any) -> dict[str, Any]:
    return {**LEAD, "service": "worker", "started_at": f"2026-01-01T10:{minute:02}:00Z", **other}


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([worker(9), worker(2), worker(5)], worker(2)),
        ([worker(1, digest="b"), worker(9)], worker(9)),
        ([worker(1, kind="rollback")], {}),
        ([worker(1, started_at=None), worker(9)], worker(9)),
        ([worker(1, started_at="2026-01-01T09:59:30Z"), worker(1)], worker(1, started_at="2026-01-01T09:59:30Z")),
        ([None, "x", {}], {}),
        (None, {}),
    ],
)
def test_of_several_the_nearest_one_of_the_same_image_is_meant(history: Any, expected: dict[str, Any]) -> None:
    assert siblings({"companions": {"worker": history}}, LEAD) == {"worker": expected}


@pytest.mark.parametrize("services", [None, "worker", 7, [], ["api"]])
def test_a_release_of_one_service_has_no_others(services: Any) -> None:
    assert names_of_others({**LEAD, "services": services}) == []
    assert siblings({}, {**LEAD, "services": services}) == {}
