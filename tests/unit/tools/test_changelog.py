# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""CHANGELOG.md is made of the releases and of the fragments of the next one."""

from pathlib import Path

import pytest

from tools import changelog
from tools.files import ROOT

pytestmark = pytest.mark.process


def project(folder: Path) -> Path:
    (folder / "changelogs" / "fragments").mkdir(parents=True)
    (folder / "changelogs" / "config.yaml").write_text((ROOT / "changelogs" / "config.yaml").read_text())
    (folder / "changelogs" / "changelog.yaml").write_text("---\nancestor: null\nreleases: {}\n")
    (folder / "changelogs" / "fragments" / "a.yml").write_text("---\nbugfixes:\n  - Something works.\n")
    (folder / "galaxy.yml").write_text(
        "namespace: fastbreak\nname: aws\nversion: 1.2.3\nreadme: README.md\nauthors: [a]\n"
    )
    return folder


def test_what_is_not_released_is_said_so_and_the_fragments_stay(tmp_path: Path) -> None:
    text = changelog.render(project(tmp_path))
    assert "## v1\\.2\\.3 (not released yet)" in text
    assert "Something works" in text
    assert (tmp_path / "changelogs" / "fragments" / "a.yml").is_file()
