# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release went through, drawn."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.plots import samples, weights
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._release.shown import GATE, RELEASE, everywhere

SERIES = GATE["series"]


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc"))))
def test_the_drawings_are_well_formed(text: str) -> None:
    (release,) = everywhere(text)["releases"]
    ET.fromstring(weights(release))  # noqa: S314 - made here
    ET.fromstring(samples(release["gates"][0]))  # noqa: S314 - made here


def corners(drawing: ET.Element) -> list[tuple[float, float]]:
    (line,) = drawing.iter("polyline")
    return [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]  # type: ignore[misc]


def test_samples_are_drawn_beside_their_bound() -> None:
    drawing = ET.fromstring(samples(GATE))  # noqa: S314 - made here
    (bound,) = [line for line in drawing.iter("line") if line.attrib["class"] == "bound"]
    at = float(bound.attrib["y1"])
    ups = [up for _across, up in corners(drawing)]
    # A drawing grows downwards: what is within the bound lies below it.
    assert ups[0] > at
    assert ups[1] < at
    assert ups[2] < ups[1]
    assert "bound 0.05" in "".join(drawing.itertext())
    assert drawing.attrib["class"] == "unhealthy"


def test_both_bounds_are_drawn_and_none_where_there_is_none() -> None:
    both = samples({**GATE, "series": {**SERIES, "lowest": 0.01}})
    none = samples({**GATE, "series": {**SERIES, "highest": None}})
    assert [both.count('class="bound"'), none.count('class="bound"')] == [2, 0]


def test_the_share_of_the_users_is_kept_until_it_changes() -> None:
    drawing = ET.fromstring(weights(RELEASE))  # noqa: S314 - made here
    told = corners(drawing)
    assert told[0][1] == told[1][1]
    assert told[2][0] == told[1][0]
    assert told[2][1] < told[1][1]
    assert "POST_TEST_TRAFFIC_SHIFT, paused at 10 s" in "".join(drawing.itertext())


SHAPES = [None, 7, "x", {}, [], [1], ["ab"], [[1]]]
JUNK = [*SHAPES, [[None, 1]], [[1, "x"]], [[True, 1.0]], [[1, float("nan")]], [[1, 1e300]]]


@pytest.mark.parametrize("points", JUNK)
def test_what_is_no_number_is_not_drawn(points: Any) -> None:
    assert samples({**GATE, "series": {**SERIES, "points": points}}) == ""
    assert samples({**GATE, "series": points}) == ""
    assert weights({**RELEASE, "course": points}) == ""


@pytest.mark.parametrize("weight", [None, "x", True, float("inf")])
def test_a_rolling_release_tells_no_share(weight: Any) -> None:
    course = [{**point, "weight": weight} for point in RELEASE["course"]]
    assert weights({**RELEASE, "course": course}) == ""


def test_values_that_never_change_are_drawn_all_the_same() -> None:
    flat = {**GATE, "series": {"measured": "m", "lowest": None, "highest": 0.0, "points": [[0.0, 0.0]]}}
    ET.fromstring(samples(flat))  # noqa: S314 - made here
