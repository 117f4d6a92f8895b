# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was published, read."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._site.info import read_releases
from ansible_collections.fastbreak.aws.plugins.module_utils._site.values import SiteRelease

from tests.unit.plugins.module_utils._site.fakes import SITE, World


def test_versions_and_releases() -> None:
    rows = [
        SiteRelease(SITE, f"S#{name}", name, name, "publish", "then", "me", outcome=Outcome.SUCCEEDED)
        for name in ("a", "b", "c")
    ]
    found = read_releases(SITE, World(rows=rows), keep=2, history=1)
    assert (found["version"], found["kept_versions"]) == ("c", ["c", "b"])
    assert [row["release_id"] for row in found["releases"]] == ["S#c"]
    assert read_releases(SITE, World(), keep=2, history=1) == {"version": "", "kept_versions": [], "releases": []}
