# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The release history as lines and as a page, also of records that mean harm."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.page import columns, page, rows, table
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._release.shown import GATE, INFO, RELEASE, everywhere

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\x1b[2J"
VOID = {"meta", "line", "rect"}


class Seen(HTMLParser):
    """Checks that tags close in their order, and keeps tags and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(text: str) -> Seen:
    parser = Seen()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser


def test_the_page_shows_what_the_record_holds() -> None:
    found = seen(page(INFO, "inference in prod", "2026-11-26T12:00:00Z"))
    for shown in (
        "1.2.0",
        "ROLLED_BACK",
        "the gate http refused it",
        "12 of 40 failed",
        "at most 5 %",
        "100",
        "CANARY",
    ):
        assert shown in found.text
    assert "1.1.0 runs." in found.text
    assert ("class", "rolledback") in found.attributes
    assert "svg" in found.tags


def test_the_page_needs_nothing_but_itself_and_runs_nothing() -> None:
    found = seen(page(everywhere(EVIL), EVIL, EVIL))
    assert not {"script", "img", "link", "iframe", "object", "a"} & set(found.tags)
    assert not [name for name, _value in found.attributes if name.startswith("on") or name in ("src", "href", "style")]
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in found.attributes
    assert "<script>alert(1)</script>" in found.text


@given(st.text())
def test_any_text_stays_text(text: str) -> None:
    with_text, without = seen(page(everywhere(text), text, text)), seen(page(everywhere("x"), "x", "x"))
    assert sorted(set(with_text.tags)) == sorted(set(without.tags))
    assert all(re.fullmatch(r"[a-z ]+", value or "") for name, value in with_text.attributes if name == "class")


@pytest.mark.parametrize(
    "info",
    [
        {},
        {"releases": None},
        {"releases": [], "running": None, "lock": None},
        {"releases": [{}, None, "x", {"gates": None}, {"gates": [None, {}, {"verdict": None}]}]},
        {"releases": [{"started_at": "yesterday", "finished_at": 7, "version": 1.1, "gates": [GATE]}]},
    ],
)
def test_what_is_missing_leaves_a_page_all_the_same(info: dict[str, Any]) -> None:
    assert "Releases of" in seen(page(info, "prod", "now")).text
    assert table(info)[0].startswith("started")


def test_a_history_without_releases_says_so() -> None:
    assert "No release yet." in seen(page({"releases": []}, "prod", "now")).text


def test_the_table_is_aligned_and_sends_no_control_characters() -> None:
    other = {**RELEASE, "version": "1.2.0-with-a-long-name", "outcome": "SUCCEEDED", "verdict": "HEALTHY"}
    lines = table({"releases": [other, {**RELEASE, "version": "\x1b[2J\n1.0"}]})
    assert len(lines) == 3
    assert lines[0].index("outcome") == lines[1].index("SUCCEEDED") == lines[2].index("ROLLED_BACK")
    assert "\\x1b[2J\\n1.0" in lines[2]
    assert rows(INFO) == [
        ("2026-11-26 10:00:00", "1.2.0", "arn:aws:iam::1:user/me", "CANARY", "ROLLED_BACK", "UNHEALTHY", "100")
    ]


def test_services_that_were_released_together_are_shown_with_how_each_ended() -> None:
    lead = {**RELEASE, "service": "inference", "services": ["inference-worker", "inference", "inference-mail"]}
    worker = {**RELEASE, "service": "inference-worker", "outcome": "ROLLED_BACK", "reason": "the API was refused"}
    earlier = {**worker, "started_at": "2026-11-25T10:00:00.000Z", "outcome": "SUCCEEDED"}
    other_image = {**worker, "digest": "sha256:b", "outcome": "FAILED"}
    info = {"releases": [lead, RELEASE], "companions": {"inference-worker": [other_image, worker, earlier]}}
    assert columns(info)[-1] == "together with"
    assert [row[-1] for row in rows(info)] == ["inference-worker ROLLED_BACK, inference-mail (no record)", ""]
    found = seen(page(info, "prod", "now"))
    assert "together with inference-worker ROLLED_BACK, inference-mail (no record)" in found.text
    assert "the API was refused" in found.text
    assert found.tags.count("h3") == 1
    assert "together with" not in seen(page(INFO, "prod", "now")).text


@pytest.mark.parametrize("companions", [None, "x", {"inference-worker": None}, {"inference-worker": [None, {}, "x"]}])
def test_services_without_a_record_are_named_all_the_same(companions: Any) -> None:
    info = {"releases": [{**RELEASE, "services": ["inference-worker"]}], "companions": companions}
    assert rows(info)[0][-1] == "inference-worker (no record)"
