# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Galaxy's own importer takes the collection."""

import os
import subprocess
import sys
from pathlib import Path

from tests.packaging.conftest import Installed
from tools.collection import ANSIBLE
from tools.sanity import installed_collections

# `make sanity` and `make lint` run ansible-test and ansible-lint on the same files, with more rules.
SETTINGS = "[galaxy-importer]\nRUN_ANSIBLE_TEST=False\nRUN_ANSIBLE_LINT=False\nCHECK_REQUIRED_TAGS=True\n"


def test_galaxy_would_import_it(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "importer.cfg").write_text(SETTINGS)
    done = subprocess.run(
        [sys.executable, "-m", "galaxy_importer.main", str(installed.tarball)],
        cwd=tmp_path,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(installed_collections().parent),
            "GALAXY_IMPORTER_CONFIG": str(tmp_path / "importer.cfg"),
            "HOME": str(tmp_path),
            "PATH": f"{ANSIBLE}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    assert [line for line in said.splitlines() if line.startswith(("ERROR", "WARNING"))] == []
