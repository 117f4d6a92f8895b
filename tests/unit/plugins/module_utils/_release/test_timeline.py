# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release's gates over time."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.timeline import seconds_between, timeline, word
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._release.shown import GATE, RELEASE, everywhere


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc"))))
def test_the_svg_is_well_formed(text: str) -> None:
    ET.fromstring(timeline(everywhere(text)["releases"][0]))  # noqa: S314 - made here


def test_a_gate_lies_where_it_measured() -> None:
    drawing = ET.fromstring(timeline(RELEASE))  # noqa: S314 - made here
    (bar,) = drawing.iter("rect")
    ticks = sorted({float(line.attrib["x1"]) for line in drawing.iter("line")})
    left, width = ticks[0], ticks[-1] - ticks[0]
    assert float(bar.attrib["x"]) == pytest.approx(left + 0.2 * width, abs=0.2)
    assert float(bar.attrib["width"]) == pytest.approx(0.2 * width, abs=0.2)
    assert bar.attrib["class"] == "bar unhealthy"
    assert "12 of 40 failed" in "".join(drawing.itertext())


def test_a_gate_that_decides_nothing_looks_so() -> None:
    assert 'class="bar unhealthy dry"' in timeline({**RELEASE, "gates": [{**GATE, "dry_run": True}]})


@pytest.mark.parametrize(
    "change", [{"started_at": ""}, {"finished_at": "2026-11-26T10:00:10.000Z"}, {"started_at": "2020-01-01T00:00:00Z"}]
)
def test_a_gate_without_times_that_can_be_is_not_drawn(change: dict[str, str]) -> None:
    assert timeline({**RELEASE, "gates": [{**GATE, **change}]}) == ""


@pytest.mark.parametrize(
    ("began", "ended", "seconds"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", 60.0),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:01:00", None),
        ("2026-01-01T00:01:00Z", "2026-01-01T00:00:00Z", None),
        (None, "2026-01-01T00:00:00Z", None),
        ("", "", None),
    ],
)
def test_seconds_between_two_times(began: Any, ended: Any, seconds: float | None) -> None:
    assert seconds_between(began, ended) == seconds


@pytest.mark.parametrize(
    ("value", "name"), [("ROLLED_BACK", "rolledback"), ('x" onload="', "xonload"), ("", "unknown"), (None, "none")]
)
def test_words_of_attributes_are_letters(value: Any, name: str) -> None:
    assert word(value) == name
