# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report tells what the records say, needs no other file, and lets nothing of theirs act as markup."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from demo.analysis import Series
from demo.history import History
from demo.load import Tally, Watched
from demo.report import Analysed, Facts, Running, chart, render

COMMIT = "3f2a" * 10
TAG = f"0.1.0-{COMMIT}"
DIGEST = "sha256:" + "ab" * 32
MOMENT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GATE = {"gate": "http", "verdict": "HEALTHY", "seen": "0 of 100 failed", "expected": "at most 5.0%"}


def record(**changed: Any) -> dict[str, Any]:
    return {
        "release_id": "R#1",
        "version": TAG,
        "digest": DIGEST,
        "commit": COMMIT,
        "kind": "deploy",
        "strategy": "ROLLING",
        "started_at": "2026-11-23T11:00:00.000Z",
        "finished_at": "2026-11-23T11:01:30.500Z",
        "outcome": "SUCCEEDED",
        "reason": "",
        "gates": [GATE],
        **changed,
    }


PROMOTION = {
    "release_id": "P#1",
    "version": TAG,
    "digest": DIGEST,
    "commit": COMMIT,
    "source": f"registry.example/fastbreak/inference@{DIGEST}",
    "promoted_at": "2026-11-23T10:59:00.000Z",
    "promoted_by": "arn:aws:iam::222222222222:role/ci",
    "bytes_copied": Decimal(123456789),
    "gates": [{**GATE, "gate": "vulnerabilities", "mode": "required"}],
}
ANALYSIS = {
    "id": "a1",
    "video": {"frames": 230, "width": 1768, "height": 994, "frames_per_second": 25.0},
    "persons": [{"id": 1, "frames": 230, "angles": {}}],
    "elapsed_seconds": 5.0,
    "model": {"name": "pose"},
}
TALLY = Tally(outcomes=Counter({"200": 480, "500": 12}), seconds=25.0)


def facts(*releases: dict[str, Any], began: datetime = datetime(2026, 11, 23, 10, 59, 59, tzinfo=UTC)) -> Facts:
    return Facts(
        running=[Running("prod", "http://127.0.0.9", f"registry.example/fastbreak/inference@{DIGEST}")],
        histories=[History("prod", releases, (PROMOTION,))],
        watched=[Watched("prod", TAG, began, TALLY)],
        analysed=[Analysed("prod", "game.mp4", ANALYSIS, [Series(1, "left_knee_flexion", ((0.0, 0.0), (2.0, 90.0)))])],
    )


class Page(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: Counter[str] = Counter()
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in {"meta", "br", "polyline"}:
            self.open.append(tag)
        self.loads += [f"{tag} {name}" for name, _value in attributes if name in {"src", "srcset", "action"}]
        self.loads += ["link"] * (tag in {"link", "script", "iframe", "object"})

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text += " " + " ".join(data.split())


@pytest.mark.parametrize(
    "told",
    [COMMIT[:10], "90 s", "succeeded", "0 of 100 failed", "480 served", "12 failed", "123.5 MB", "vulnerabilities"],
)
def test_a_release_is_told_with_its_commit_gates_and_requests(told: str) -> None:
    assert told in Page(render(facts(record()), moment=MOMENT)).text


def test_the_page_loads_nothing_and_closes_what_it_opens() -> None:
    page = Page(render(facts(record()), moment=MOMENT))
    assert page.loads == []
    assert page.open == []
    assert "url(" not in render(facts(record()), moment=MOMENT)


def test_a_record_cannot_act_as_markup() -> None:
    hostile = "<script>alert(1)</script><img src=x>"
    page = Page(render(facts(record(outcome="ROLLED_BACK", reason=hostile, version=hostile)), moment=MOMENT))
    assert page.tags["script"] == page.tags["img"] == 0
    assert hostile in page.text


def test_requests_are_counted_for_the_release_they_were_sent_to_and_no_other() -> None:
    text = Page(render(facts(record(version="0.0.9")), moment=MOMENT)).text
    assert "not watched" in text
    before = Page(render(facts(record(), began=datetime(2026, 11, 23, 11, 30, tzinfo=UTC)), moment=MOMENT)).text
    assert "not watched" in before


def test_nothing_released_and_a_release_under_way_are_said() -> None:
    assert "Nothing has been released yet" in Page(render(facts(), moment=MOMENT)).text
    running = record(outcome="IN_PROGRESS", finished_at="", gates=[])
    assert "not finished" in Page(render(facts(running), moment=MOMENT)).text


def test_an_angle_is_drawn_from_left_to_right_with_180_degrees_on_top() -> None:
    drawn = chart(Series(1, "left_knee_flexion", ((1.0, 0.0), (2.0, 90.0), (3.0, 180.0))))
    assert drawn.points == "0.0,120.0 280.0,60.0 560.0,0.0"
    assert drawn.label == "person 1, left knee flexion: 0° to 180° in 2.0 s"
