# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write CHANGELOG.md: the releases so far, and what the fragments will say of the next one.

The fragments stay. At a release `antsibull-changelog release` takes them up for good, and then this is run once more.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tools.collection import ANSIBLE
from tools.command_line import parser
from tools.files import ROOT

TARGET = "CHANGELOG.md"


def render(root: Path) -> str:
    """The changelog of the project at *root*. Raises CalledProcessError with antsibull-changelog's words."""
    released = yaml.safe_load((root / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    version = str(yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"])
    verb = ["generate"] if version in released else ["release", "--version", version, "--date", "2026-01-01"]
    with tempfile.TemporaryDirectory(prefix="fastbreak-changelog-") as scratch:
        shutil.copytree(root / "changelogs", Path(scratch) / "changelogs")
        shutil.copy(root / "galaxy.yml", scratch)
        subprocess.run(
            [f"{ANSIBLE}/antsibull-changelog", *verb], cwd=scratch, capture_output=True, text=True, check=True
        )
        text = (Path(scratch) / TARGET).read_text(encoding="utf-8")
    heading = "## v" + version.replace(".", r"\.")
    return text if version in released else text.replace(f"{heading}\n", f"{heading} (not released yet)\n", 1)


def main(arguments: list[str]) -> int:
    made = parser("tools.changelog", __doc__)
    made.add_argument("--dry-run", action="store_true", help="print it, and write nothing")
    options = made.parse_args(arguments)
    try:
        text = render(ROOT)
    except subprocess.CalledProcessError as error:
        print(f"antsibull-changelog failed: {error.stderr.strip() or error.stdout.strip()}", file=sys.stderr)
        return 1
    if options.dry_run:
        print(text)
    else:
        (ROOT / TARGET).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
