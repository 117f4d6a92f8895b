# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where joints were, by the API, of a real clip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support.service import Service


@pytest.fixture(scope="module")
def analysed(service: Service, person_clip: Path) -> dict[str, Any]:
    """The analysis of a clip with two persons."""
    return service.wait_for(service.accepted(person_clip.read_bytes()))


def test_poses_are_those_of_every_sighting(service: Service, analysed: dict[str, Any]) -> None:
    path, found, after = f"/v1/analyses/{analysed['id']}/poses", [], None
    while True:
        page = service.http.get(path, params={"limit": 17} | ({"after": after} if after else {})).json()
        found += page["poses"]
        after = page["next"]
        if after is None:
            break
    for person in analysed["persons"]:
        frames = [pose["frame"] for pose in found if pose["person"] == person["id"]]
        assert (len(frames), frames[0], frames[-1]) == (person["frames"], person["first_frame"], person["last_frame"])
    points = [point for pose in found for point in pose["points"] if point is not None]
    assert {len(pose["points"]) for pose in found} == {len(page["joints"])}
    inside = [x for x, y in points if 0 <= x <= analysed["video"]["width"] and 0 <= y <= analysed["video"]["height"]]
    assert len(inside) > 0.9 * len(points) > 0
    mine = service.http.get(path, params={"person": 2, "limit": 1000}).json()["poses"]
    assert mine == [pose for pose in found if pose["person"] == 2]
    # A knee's angle is that of its three points.
    pose = next(pose for pose in mine if all(pose["points"]))
    places = dict(zip(page["joints"], pose["points"], strict=True))
    hip, knee, ankle = (np.array(places[f"left_{joint}"]) for joint in ("hip", "knee", "ankle"))
    thigh, shank = hip - knee, ankle - knee
    bent = 180 - np.degrees(np.arccos(thigh @ shank / np.linalg.norm(thigh) / np.linalg.norm(shank)))
    asked = f"/v1/analyses/{analysed['id']}/measures?person=2&angle=left_knee_flexion"
    measures = service.http.get(asked).json()["measures"]
    measured = {measure["frame"]: measure["value_degrees"] for measure in measures}
    assert measured[pose["frame"]] == pytest.approx(bent, abs=2)


def test_what_is_kept_gives_the_results_of_the_worker_again(service: Service, analysed: dict[str, Any]) -> None:
    """Of persons who were corrected and are who they were again: nothing is rounded on the way."""
    path = f"/v1/analyses/{analysed['id']}"

    def told() -> list[Any]:
        asked = ("", "/events", "/findings", "/measures?limit=10000")
        return [service.http.get(path + which).json() for which in asked]

    before = told()
    half = analysed["video"]["duration_seconds"] / 2
    for seen, said in enumerate(
        ({"kind": "split", "person": 1, "seconds": half}, {"kind": "merge", "persons": [1, 3]}),
    ):
        answer = service.http.post(f"{path}/corrections", json=said, headers={"if-match": f'"{seen}"'})
        assert answer.status_code == 201, answer.text
        persons = [person["id"] for person in service.http.get(path).json()["persons"]]
        assert persons == ([1, 2, 3] if seen == 0 else [1, 2])
    # What was summed over all persons is not known any more.
    movement = {**before[0]["movement"], "left_out": None, "looked_seconds": None}
    assert told() == [{**before[0], "movement": movement}, *before[1:]]
