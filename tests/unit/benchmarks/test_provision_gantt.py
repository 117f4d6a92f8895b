# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The critical path of stacks, and their chart."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.provision.gantt import Bar, critical_path, critical_seconds, draw

NETWORK, DATABASE = Bar("network", 1, 3), Bar("rds", 3.5, 10, ("network",))
EDGE, SERVICE = Bar("edge", 1, 8), Bar("service", 10.5, 11, ("rds", "network", "elsewhere"))


@pytest.mark.parametrize(
    ("bars", "path", "seconds"),
    [
        ((), (), 0),
        ((EDGE,), ("edge",), 7),
        ((NETWORK, EDGE), ("edge",), 7),
        ((NETWORK, DATABASE, EDGE), ("network", "rds"), 8.5),
        ((SERVICE, EDGE, DATABASE, NETWORK), ("network", "rds", "service"), 9),
    ],
)
def test_the_critical_path_is_the_longest_chain(bars: tuple[Bar, ...], path: tuple[str, ...], seconds: float) -> None:
    assert critical_path(bars) == path
    assert critical_seconds(bars) == seconds


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100), st.sets(st.integers(0, 9))), max_size=10))
def test_no_chain_is_longer(rows: list[tuple[float, float, set[int]]]) -> None:
    bars = [
        Bar(str(number), begun, begun + length, tuple(str(other) for other in after if other < number))
        for number, (begun, length, after) in enumerate(rows)
    ]
    least = critical_seconds(bars)
    assert all(bar.seconds <= least + 1e-6 for bar in bars)
    assert least <= sum(bar.seconds for bar in bars) + 1e-6


def test_the_chart_is_svg_with_a_row_for_each_stack() -> None:
    root = ET.fromstring(draw((NETWORK, DATABASE, Bar("<odd>", 0, 0)), 10, "a & b"))  # noqa: S314 - our own text
    texts = [element.text for element in root.iter() if element.text]
    assert {"network", "rds", "<odd>", "a & b", "2.0 s", "6.5 s"} <= set(texts)
