# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is loaded before workers are forked."""

from __future__ import annotations

import gc
import re
from importlib import reload
from typing import TYPE_CHECKING

import pytest
from ansible.plugins.loader import filter_loader, lookup_loader
from ansible_collections.fastbreak.aws.plugins.callback import summary
from ansible_collections.fastbreak.aws.plugins.filter import gates, runs, stacks, texts
from ansible_collections.fastbreak.aws.plugins.plugin_utils._before_workers import (
    YOUNG_CONTAINERS,
    collect_seldom,
    load_templating,
    spare_workers,
)

from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PROVISIONING = [
    *(ROOT / "playbooks" / name for name in ("site.yml", "guard.yml")),
    *(template.parents[1] / "tasks" / "main.yml" for template in (ROOT / "roles").glob("*/files/stack.yaml")),
    *(ROOT / "roles" / "stack").glob("*/main.yml"),
]


@pytest.fixture
def usual_collections() -> Iterator[None]:
    usual = gc.get_threshold()
    yield
    gc.set_threshold(*usual)


@pytest.fixture
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def _used(pattern: str) -> set[str]:
    found = {name for path in PROVISIONING for name in re.findall(pattern, path.read_text(encoding="utf-8"))}
    assert found
    return found


def test_all_filters_that_provisioning_calls_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(filter_loader, "get", asked.append)
    load_templating()
    files = [set(module.FilterModule().filters()) for module in (gates, runs, stacks, texts)]
    loaded = {name for names in files if any(f"fastbreak.aws.{name}" in asked for name in names) for name in names}
    assert _used(r"\| fastbreak\.aws\.(\w+)") <= loaded


def test_where_the_collection_cannot_be_found_workers_are_left_to_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(filter_loader, "get", get)
    load_templating()


def test_all_lookups_that_provisioning_calls_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(filter_loader, "get", lambda _name: None)
    monkeypatch.setattr(lookup_loader, "get", lambda name, **_options: asked.append(name))
    load_templating()
    assert _used(r"query\('([\w.]+)'") <= set(asked)


@pytest.mark.usefixtures("thawed")
def test_what_was_loaded_is_left_out_of_garbage_collections() -> None:
    gc.unfreeze()
    loaded = [each for each in gc.get_objects() if isinstance(each, dict)]
    spare_workers()
    assert gc.get_freeze_count() >= len(loaded)


@pytest.mark.usefixtures("usual_collections")
def test_garbage_is_looked_for_seldom_and_still_found() -> None:
    gc.set_threshold(700)
    collect_seldom()
    before = gc.get_stats()[0]["collections"]
    kept = [[number] for number in range(YOUNG_CONTAINERS // 2)]
    assert gc.get_stats()[0]["collections"] <= before + 1
    kept += [[number] for number in range(YOUNG_CONTAINERS * 2)]
    assert gc.get_stats()[0]["collections"] > before
    assert kept


@pytest.mark.usefixtures("usual_collections")
def test_the_callback_that_a_run_loads_first_asks_for_that() -> None:
    gc.set_threshold(700)
    reload(summary)
    assert gc.get_threshold()[0] == YOUNG_CONTAINERS
