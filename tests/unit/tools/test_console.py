# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The review console's own unit tests, and what its package says of itself."""

from __future__ import annotations

import json
import re

import pytest

from tools import console


@pytest.mark.process
def test_the_pure_parts_pass_their_tests(capfd: pytest.CaptureFixture[str]) -> None:
    assert console.main(["test"]) == 0, capfd.readouterr().out


def test_every_version_is_exact_and_the_lock_names_no_registry() -> None:
    described = json.loads((console.WEB / "package.json").read_text(encoding="utf-8"))
    versions = {**described["dependencies"], **described["devDependencies"]}
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    lock = (console.WEB / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert all("integrity" in package for name, package in json.loads(lock)["packages"].items() if name)


def test_the_notice_names_what_is_shipped() -> None:
    described = json.loads((console.WEB / "package.json").read_text(encoding="utf-8"))
    notice = (console.ROOT / "service" / "NOTICE").read_text(encoding="utf-8")
    packages = json.loads((console.WEB / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name in described["dependencies"]:
        package = packages[f"node_modules/{name}"]
        assert f"{name} ({package['license']})" in notice
        assert not package.get("dependencies"), f"{name} ships more than itself: name that too"
