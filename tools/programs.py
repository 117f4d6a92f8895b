# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the programs that tests and benchmarks run beside ours; as root on Debian, install those that are missing."""

import shutil
import subprocess
import sys
from pathlib import Path

from tools import apt
from tools.command_line import parser

SYSTEMD = Path("/run/systemd/system")
#: Debian's name of the package, and the service that it would start by itself where there is systemd.
PACKAGES = {
    "chromium": "chromium",
    "docker-registry": "docker-registry",
    "skopeo": "skopeo",
    "openssl": "openssl",
}
SERVICES = {"docker-registry": "docker-registry.service"}


class MissingProgramError(Exception):
    """A program is missing and may not be installed, or could not be; the message says what to do."""


def ensure(*programs: str) -> None:
    """Install what is missing of *programs*, as root on Debian. Raises MissingProgramError."""
    missing = sorted(program for program in programs if shutil.which(program) is None)
    if not missing:
        return
    packages = [PACKAGES[program] for program in missing]
    if not apt.may_install():
        raise MissingProgramError(
            f"{' and '.join(missing)} must be installed for this, on Debian with `sudo apt-get install "
            f"{' '.join(packages)}`; then run it again. As root on Debian it is done for you."
        )
    print(f"Installing Debian's {' and '.join(packages)} ...", file=sys.stderr, flush=True)
    try:
        apt.install(*packages)
    except apt.AptError as error:
        raise MissingProgramError(str(error)) from error
    for service in (SERVICES[program] for program in missing if program in SERVICES and SYSTEMD.exists()):
        # Only the program is wanted; its service would hold a port that others want.
        subprocess.run(["systemctl", "disable", "--now", service], check=False)


def main(arguments: list[str]) -> int:
    made = parser("tools.programs", __doc__)
    made.add_argument("names", nargs="+", choices=tuple(PACKAGES), metavar="NAME", help=", ".join(PACKAGES))
    options = made.parse_args(arguments)
    try:
        ensure(*options.names)
    except MissingProgramError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
