"""Programs that the benchmark needs: found, or as root on Debian installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.promotion.errors import BenchmarkError
from tools.files import ROOT

PACKAGES = {"skopeo": "skopeo", "docker-registry": "docker-registry"}
_DEBIAN = Path("/etc/debian_version")


def ensure_programs() -> None:
    """Install what is missing. Raises BenchmarkError where that may not be done."""
    missing = sorted(package for program, package in PACKAGES.items() if shutil.which(program) is None)
    if not missing:
        return
    if os.geteuid() != 0 or not _DEBIAN.exists() or shutil.which("apt-get") is None:
        raise BenchmarkError(
            f"The benchmark needs {' and '.join(missing)}: install these (on Debian `apt-get install "
            f"{' '.join(missing)}`), then run it again. As root on Debian this is done for you."
        )
    print(f"Installing Debian's {' and '.join(missing)} ...", file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing]
    for command in (["apt-get", "update", "--quiet"], install):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchmarkError(f"`{' '.join(command)}` failed: {done.stderr.strip()[-600:]}")


def ensure_engine() -> None:
    """Find or start a Docker engine. Raises BenchmarkError where that may not be done."""
    command = [sys.executable, "-m", "tools.engine", "ensure"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchmarkError(f"{done.stderr.strip()} Or leave docker out: --peers skopeo.")
