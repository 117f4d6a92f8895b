# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection by itself: built as it is published, without what only this project needs."""

import subprocess
import sys
import tarfile
from pathlib import Path

from tools.files import ROOT

ANSIBLE = str(Path(sys.executable).parent)
"""The directory of the ansible commands that belong to this interpreter."""


def build(into: Path) -> Path:
    """Build the collection's tarball; return its path. Raises CalledProcessError with ansible-galaxy's words."""
    subprocess.run(
        [f"{ANSIBLE}/ansible-galaxy", "collection", "build", "--force", "--output-path", str(into), str(ROOT)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (tarball,) = into.glob("fastbreak-aws-*.tar.gz")
    return tarball


def unpack(tarball: Path, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    with tarfile.open(tarball) as archive:
        archive.extractall(into, filter="data")
