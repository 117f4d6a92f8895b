# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Fetch the footage that the tests and the demonstration analyse, and print its path.

The clip (a man who jumps off a roof and runs, a woman who walks by; 1768x994, 30 frames/s, 230 frames, VP9) ships with
the package Sports2D, BSD-3-Clause.

    python footage.py [--into DIRECTORY]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from fetch import FetchError, fetch  # noqa: E402 - this directory is put on the path above

DEFAULT_DIRECTORY = HERE.parent / ".cache" / "footage"


def footage(directory: Path = DEFAULT_DIRECTORY) -> Path:
    """The path of the clip, fetched when it is not there yet. Raises FetchError."""
    fetch(HERE / "footage.lock", directory)
    return directory / "demo.mp4"


def main(arguments: list[str] | None = None) -> int:
    """Print the clip's path; 1 with one sentence on standard error when it cannot be had."""
    parser = argparse.ArgumentParser(description="Fetch the footage for tests and demonstration.")
    parser.add_argument("--into", type=Path, default=DEFAULT_DIRECTORY)
    options = parser.parse_args(arguments)
    try:
        print(footage(options.into))
    except FetchError as error:
        print(f"footage: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
