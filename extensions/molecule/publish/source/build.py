# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build an image that holds one file. It takes what the role publish hands to every service's build.py."""

import argparse
import subprocess
from pathlib import Path

made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
for name in ("tag", "version", "revision", "base-image"):
    made.add_argument(f"--{name}", required=True)
made.add_argument("--label", action="append", default=[])
given = made.parse_args()
labels = [
    *given.label,
    f"org.opencontainers.image.version={given.version}",
    f"org.opencontainers.image.revision={given.revision}",
]
subprocess.run(
    ["docker", "build", "--tag", given.tag, *(f"--label={label}" for label in labels), Path(__file__).parent],
    check=True,
)
