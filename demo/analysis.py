# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends footage through the load balancer as a user would, and shows what came back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from demo.console import Console, DemoError
from sandbox.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POLL_SECONDS = 1.0
LIMIT_SECONDS = 300.0
CHUNK_BYTES = 1 << 20
SERIES_ANGLES = ("left_knee_flexion", "right_knee_flexion")
SERIES_POINTS = 8

Analysis = dict[str, Any]
"""What `GET /v1/analyses/{id}` answers."""


@dataclass(frozen=True)
class Series:
    """One angle of one person over time: pairs of seconds and degrees."""

    person: int
    angle: str
    points: tuple[tuple[float, float], ...]


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def submit(http: httpx.Client, footage: Path) -> str:
    """Upload a video; return the id of its analysis. Raises DemoError when it is not accepted."""
    told = {"content-type": "video/mp4", "content-length": str(footage.stat().st_size)}
    headers = {**told, "x-fastbreak-filename": quote(footage.name, safe="")}
    response = http.post(
        "/v1/analyses",
        content=_chunks(footage),
        headers=headers,
        timeout=60,
    )
    if response.status_code != httpx.codes.ACCEPTED:
        raise DemoError(f"POST /v1/analyses answered {response.status_code}, expected 202: {response.text[:500]}")
    return str(response.json()["id"])


def wait(http: httpx.Client, analysis_id: str, console: Console) -> Analysis:
    """Poll an analysis until it has ended. Raises DemoError when it failed or took longer than LIMIT_SECONDS."""
    seen: list[Analysis] = []

    def ended() -> bool:
        response = http.get(f"/v1/analyses/{analysis_id}", timeout=30)
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            # On a busy machine a task that analyses can miss its health check. A user asks again.
            console.detail(f"analysis {analysis_id}: nobody answers for now")
            return False
        response.raise_for_status()
        analysis: Analysis = response.json()
        if not seen or seen[-1]["status"] != analysis["status"]:
            console.detail(f"analysis {analysis_id}: {analysis['status']}")
        seen.append(analysis)
        return analysis["status"] in ("succeeded", "failed")

    if not until(ended, LIMIT_SECONDS, pause=POLL_SECONDS):
        status = repr(seen[-1]["status"]) if seen else "unknown"
        raise DemoError(f"analysis {analysis_id} is still {status} after {LIMIT_SECONDS:.0f} s")
    if seen[-1]["status"] == "failed":
        raise DemoError(f"analysis {analysis_id} failed: {seen[-1]['error']}")
    return seen[-1]


def show(http: httpx.Client, analysis: Analysis, console: Console) -> None:
    """Print persons, frames, angles, and one angle over time."""
    console.detail(sentence(analysis))
    rows = [
        [
            f"person {person['id']}: {name}",
            str(angle["samples"]),
            *(f"{angle[key]:.0f}°" for key in ("minimum", "mean", "maximum")),
        ]
        for person in analysis["persons"]
        for name, angle in sorted(person["angles"].items())
    ]
    console.table(["angle", "frames", "min", "mean", "max"], rows)
    for series in knees(http, analysis):
        points = series.points[:: max(1, len(series.points) // SERIES_POINTS)]
        over_time = "  ".join(f"{seconds:.2f}s {degrees:.0f}°" for seconds, degrees in points)
        console.detail(f"person {series.person}, {series.angle} over time: {over_time}")


def sentence(analysis: Analysis) -> str:
    """One line: what was analysed, in what time, with which model."""
    video = analysis["video"]
    return (
        f"{video['frames']} frames of {video['width']}x{video['height']} "
        f"at {video['frames_per_second']:.1f} per second, "
        f"{len(analysis['persons'])} person(s), analysed in {analysis['elapsed_seconds']:.1f} s "
        f"({video['frames'] / analysis['elapsed_seconds']:.1f} frames a second) with {analysis['model']['name']}"
    )


def knees(http: httpx.Client, analysis: Analysis) -> list[Series]:
    """The knee angles over time of the person that is seen longest."""
    if not analysis["persons"]:
        return []
    longest = max(analysis["persons"], key=lambda person: person["frames"])
    return [
        _series(http, analysis["id"], longest["id"], angle) for angle in SERIES_ANGLES if angle in longest["angles"]
    ]


def _series(http: httpx.Client, analysis_id: str, person: int, angle: str) -> Series:
    url = f"/v1/analyses/{analysis_id}/measures"
    response = http.get(url, params={"person": person, "angle": angle, "limit": 1000}, timeout=30)
    response.raise_for_status()
    measures = response.json()["measures"]
    return Series(person, angle, tuple((measure["time_seconds"], measure["value_degrees"]) for measure in measures))
