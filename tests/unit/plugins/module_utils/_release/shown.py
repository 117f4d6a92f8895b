# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A history to show, and the same with any text in it."""

from __future__ import annotations

from typing import Any

GATE: dict[str, Any] = {
    "gate": "http /v1/analyses",
    "verdict": "UNHEALTHY",
    "seen": "12 of 40 failed",
    "expected": "at most 5 %",
    "samples": 40,
    "failures": 12,
    "started_at": "2026-11-26T10:00:20.000Z",
    "finished_at": "2026-11-26T10:00:40.000Z",
    "stage": "POST_TEST_TRAFFIC_SHIFT",
    "dry_run": False,
    "series": {
        "measured": "share of samples that failed",
        "lowest": None,
        "highest": 0.05,
        "points": [[1.0, 0.0], [10.0, 0.1], [20.0, 0.3]],
    },
}
RELEASE: dict[str, Any] = {
    "version": "1.2.0",
    "digest": "sha256:a",
    "strategy": "CANARY",
    "kind": "deploy",
    "started_at": "2026-11-26T10:00:00.000Z",
    "finished_at": "2026-11-26T10:01:40.000Z",
    "started_by": "arn:aws:iam::1:user/me",
    "previous_version": "1.1.0",
    "outcome": "ROLLED_BACK",
    "verdict": "UNHEALTHY",
    "reason": "the gate http refused it",
    "gates": [GATE],
    "course": [
        {"at": "2026-11-26T10:00:10.000Z", "stage": "POST_TEST_TRAFFIC_SHIFT", "weight": 0.0, "paused": True},
        {"at": "2026-11-26T10:00:50.000Z", "stage": "PRODUCTION_TRAFFIC_SHIFT", "weight": 5.0, "paused": False},
    ],
    "evidence": [{"task": "t1", "status": "STOPPED", "stopped": "exit code 1", "log_lines": ["starting", "it broke"]}],
}
INFO = {"releases": [RELEASE], "running": {"version": "1.1.0"}, "lock": {}}


def everywhere(text: str) -> dict[str, Any]:
    """A history with *text* wherever a record holds text."""
    gate = {name: text if isinstance(value, str) else value for name, value in GATE.items()}
    gate |= {name: GATE[name] for name in ("started_at", "finished_at")}
    release = {name: text if isinstance(value, str) else value for name, value in RELEASE.items()}
    gate["series"] = {**GATE["series"], "measured": text}
    course = [{**point, "stage": text} for point in RELEASE["course"]]
    evidence = [{text: text, "log_lines": [text]}]
    release |= {name: RELEASE[name] for name in ("started_at", "finished_at")}
    release |= {"gates": [gate], "course": course, "evidence": evidence}
    return {"releases": [release], "running": {"version": text}, "lock": {"owner": text, "started_at": text}}
