# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where the program starts. A health check does without the rest of the command line, which takes longer to load."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command that was given; its exit code."""
    if sys.argv[1:] in (["healthcheck"], ["healthcheck", "--worker"]):
        from fastbreak_service import health  # noqa: PLC0415

        return health.main(worker=len(sys.argv) > 2)
    from fastbreak_service import cli  # noqa: PLC0415

    return cli.main()
