# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of the release table that are not as the contract says."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock, Measurement, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._release.rows import read_key, read_lock, read_release
from hypothesis import given
from hypothesis import strategies as st

GATE = {
    "gate": "http",
    "verdict": "HEALTHY",
    "seen": "200",
    "expected": "200",
    "samples": 10,
    "failures": 0,
    "started_at": "then",
    "finished_at": "later",
}
ROW: dict[str, Any] = {
    "service": "web",
    "release_id": "R#seq-000000000001",
    "version": "1.0.0",
    "image": "registry.example/web@sha256:aa",
    "digest": "sha256:aa",
    "commit": "c",
    "strategy": "ROLLING",
    "kind": "deploy",
    "task_definition_arn": "arn:1",
    "started_at": "2026-01-01T00:00:00.000Z",
    "started_by": "me",
    "outcome": "SUCCEEDED",
    "gates": [GATE],
}
LOCK: dict[str, Any] = {"owner": "me", "started_at": "now", "lease": 7}
#: What DynamoDB may hold under a name.
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(0, 1) | st.text(max_size=3) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def test_row_of_the_contract_is_read_and_what_a_newer_version_added_is_left() -> None:
    release = read_release({**ROW, "added": {"later": 1}, "gates": [{**GATE, "added": None}]})
    assert (release.outcome, release.gates[0].verdict) == (Outcome.SUCCEEDED, Verdict.HEALTHY)
    assert read_release({**ROW, "release_id": "R#2026-01-01T00:00:00.000Z#0a0b0c0d"}).version == "1.0.0"
    assert read_lock({"owner": "me", "started_at": "now", "expires_at": 5}) == Lock("me", "now", 0)
    assert read_key({"key": b"k" * 32}) == b"k" * 32


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"outcome": "CANCELLED"},
            "its outcome is 'CANCELLED', and this version of fastbreak.aws knows IN_PROGRESS, SUC",
        ),
        ({"outcome": None}, "its outcome is None"),
        ({"outcome": ["SUCCEEDED"]}, "its outcome is ['SUCCEEDED']"),
        ({"kind": "canary"}, "its kind is 'canary', and this version of fastbreak.aws knows deploy, rollback"),
        ({"kind": {}}, "its kind is {}"),
        ({"version": 1.1}, "its version is 1.1, where text is expected"),
        ({"digest": None}, "its digest is None"),
        ({"snapshot": {"a": 1}}, "its snapshot is {'a': 1}"),
        ({"gates": "HEALTHY"}, "its gates are 'HEALTHY'"),
        ({"gates": [1]}, "its gates are [1]"),
        ({"gates": [{**GATE, "verdict": "FINE"}]}, "one of its gates cannot be read: its verdict is 'FINE'"),
        ({"gates": [{**GATE, "samples": True}]}, "its samples is True, where a whole number"),
        ({"gates": [{"gate": "http"}]}, "one of its gates cannot be read: it has no verdict"),
        ({"services": "worker"}, "its services are 'worker', where a list of text is expected"),
        ({"services": ["worker", 1]}, "its services are ['worker', 1]"),
        ({"ended_before": ["worker"]}, "its ended_before is ['worker'], where the releases of other services"),
        ({"ended_before": {"worker": 1}}, "its ended_before is {'worker': 1}"),
        ({"release_id": "R#zzz"}, "its release_id is not R#seq- and 12 digits"),
        ({"reason": 5 * ["x" * 90]}, "..., where text is expected"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"^its|^one of") as raised:
        read_release({**ROW, **change})
    assert said in str(raised.value)


@pytest.mark.parametrize("key", [None, "c3RyaW5n", b"", b"short", 5, [b"k" * 32], b"k" * 33])
def test_key_that_is_not_32_bytes_is_none(key: object) -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        read_key({"key": key})
    with pytest.raises(ValueError, match="its key is nothing"):
        read_key({})


@given(st.sampled_from(sorted(ROW)), values)
def test_any_value_of_any_attribute_is_read_as_it_is_or_refused(name: str, value: object) -> None:
    try:
        release = read_release({**ROW, name: value})
    except ValueError:
        return
    kept = asdict(release)[name]
    read = {
        "outcome",
        "gates",
        "services",
        "schema_version",
        "oldest_schema_version",
        "course",
        "evidence",
        "ended_before",
    }
    assert kept == value or name in read
    assert isinstance(release.outcome, Outcome)
    assert all(isinstance(gate, Measurement) for gate in release.gates)
    assert all(isinstance(text, str) for key, text in asdict(release).items() if key not in read)
    assert all(isinstance(service, str) for service in release.services)


@pytest.mark.parametrize("name", sorted(set(ROW) - {"gates"}))
def test_attribute_that_is_missing_is_named(name: str) -> None:
    row = {key: value for key, value in ROW.items() if key != name}
    with pytest.raises(ValueError, match=f"it has no {name}"):
        read_release(row)


@given(st.dictionaries(st.sampled_from(["owner", "started_at", "lease", "other"]), values))
def test_any_lock_is_read_as_it_is_or_refused(row: dict[str, Any]) -> None:
    try:
        lock = read_lock(row)
    except ValueError:
        return
    assert asdict(lock) == {"lease": 0, **{key: value for key, value in row.items() if key != "other"}}
    assert [type(value) for value in asdict(lock).values()] == [str, str, int]
