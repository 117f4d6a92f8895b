# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print the tag that `publish.yml` gives to a release of this commit: the service's version and the commit."""

import subprocess
import sys
import tomllib

from tools.command_line import parser
from tools.files import ROOT


def tag() -> str:
    """`<version of service/pyproject.toml>-<commit>`."""
    read = tomllib.loads((ROOT / "service" / "pyproject.toml").read_text(encoding="utf-8"))
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    return f"{read['project']['version']}-{git.stdout.strip()}"


def main(arguments: list[str]) -> int:
    parser("tools.release_tag", __doc__).parse_args(arguments)
    try:
        print(tag())
    except subprocess.CalledProcessError as error:
        print(f"git does not say which commit is checked out: {error.stderr.strip()}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
