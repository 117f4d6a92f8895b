# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that the benchmark needs: found, or as root on Debian installed."""

import subprocess
import sys

from benchmarks.errors import BenchmarkError
from tools import programs
from tools.files import ROOT


def ensure_programs() -> None:
    """Install what is missing. Raises BenchmarkError where that may not be done."""
    try:
        programs.ensure("docker-registry", "skopeo")
    except programs.MissingProgramError as error:
        raise BenchmarkError(str(error)) from error


def ensure_engine() -> None:
    """Find or start a Docker engine. Raises BenchmarkError where that may not be done."""
    command = [sys.executable, "-m", "tools.engine", "ensure"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchmarkError(f"{done.stderr.strip()} Or leave docker out: --peers skopeo.")
