# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as a user gets it: built once, installed into an empty place."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.collection import ANSIBLE, build
from tools.files import ROOT


@dataclass(frozen=True)
class Installed:
    """An installation outside the clone, and how to run Ansible's commands on it."""

    tarball: Path
    place: Path
    home: Path

    @property
    def collection(self) -> Path:
        return self.place / "ansible_collections" / "fastbreak" / "aws"

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run an Ansible command that knows nothing of the clone."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return subprocess.run(
            [f"{ANSIBLE}/{command}", *arguments],
            cwd=self.home,
            env={
                **kept,
                "HOME": str(self.home),
                "ANSIBLE_COLLECTIONS_PATH": str(self.place),
                "NO_COLOR": "1",
                # antsibull-docs copies what it finds; of a folder inside a clone it would take only what git knows.
                "GIT_CEILING_DIRECTORIES": str(ROOT),
            },
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    tarball = build(tmp_path_factory.mktemp("build"))
    installed = Installed(tarball, tmp_path_factory.mktemp("collections"), tmp_path_factory.mktemp("home"))
    # Its dependency is there already, as for a user of the PyPI package "ansible"; Galaxy is not asked.
    done = installed.run(
        "ansible-galaxy",
        *("collection", "install", str(tarball), "--offline", "--no-deps"),
        *("--collections-path", str(installed.place)),
    )
    assert done.returncode == 0, done.stderr
    return installed
