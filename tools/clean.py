"""Remove the images that `make demo-down` keeps as caches: `python -m tools.clean`. Starts an engine if need be."""

import shutil
import subprocess
import sys

from tools.files import ROOT

LABEL = "label=fastbreak.cache"


def engine(verb: str) -> int:
    return subprocess.run([sys.executable, "-m", "tools.engine", verb], cwd=ROOT, check=False).returncode


def main() -> int:
    if shutil.which("docker") is None or (shutil.which("dockerd") is None and engine("status") != 0):
        return 0  # where there is no engine there are no images
    if engine("ensure") != 0:
        return 1
    listing = subprocess.run(
        ["docker", "images", "--quiet", "--filter", LABEL], capture_output=True, text=True, check=True
    )
    images = sorted(set(listing.stdout.split()))
    if images:
        subprocess.run(["docker", "rmi", "--force", *images], check=False)
    subprocess.run(["docker", "builder", "prune", "--force"], stdout=subprocess.DEVNULL, check=False)
    return engine("stop")


if __name__ == "__main__":
    sys.exit(main())
