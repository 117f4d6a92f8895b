"""Find a Docker client that can build with BuildKit; the service's image needs its cache mounts and secrets.

Since version 23 the client leaves BuildKit to the plugin buildx, and one without the plugin cannot build so. Older
clients carry BuildKit inside. The first client on PATH may well be the one that cannot, with a good one behind it.
As a command it prints the path of the client that was chosen.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.command_line import parser
from tools.files import ROOT

FIRST_WITHOUT_BUILTIN = 23
SHIM = ROOT / ".cache" / "docker-cli"


class NoBuildKitError(Exception):
    """No client on PATH can build with BuildKit."""


def clients(path: str) -> Iterator[Path]:
    """Every `docker` on a PATH, in its order."""
    for directory in path.split(os.pathsep):
        candidate = Path(directory or ".") / "docker"
        if os.access(candidate, os.X_OK) and candidate.is_file():
            yield candidate


def _output(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def major_version(listing: str) -> int | None:
    """The major version in `Docker version 20.10.24+dfsg1, build 297e128`."""
    words = listing.replace(",", " ").split()
    number = words[2].split(".")[0] if len(words) > 2 else ""
    return int(number) if number.isdigit() else None


def can_build(client: Path) -> bool:
    if _output([str(client), "buildx", "version"]) is not None:
        return True
    major = major_version(_output([str(client), "--version"]) or "")
    return major is not None and major < FIRST_WITHOUT_BUILTIN


def find(path: str) -> Path:
    """The first client on PATH that can build with BuildKit. Raises NoBuildKitError."""
    seen = list(clients(path))
    for client in seen:
        if can_build(client):
            return client
    found = ", ".join(map(str, seen)) or "none"
    raise NoBuildKitError(
        f"No Docker client that can build with BuildKit (found: {found}): install the plugin buildx "
        "(Debian 13, Ubuntu: apt-get install docker-buildx; Docker's own packages: docker-buildx-plugin)."
    )


def build_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which plain `docker build` is a client that can build with BuildKit, and does.

    The client's own directory cannot go first on PATH: it may hold another `python` or `ansible-playbook`. So a
    directory with a link to the client alone does.
    """
    path = environment.get("PATH", os.defpath)
    chosen = find(path)
    if chosen != next(clients(path)):
        SHIM.mkdir(parents=True, exist_ok=True)
        fresh = SHIM / f"docker.{os.getpid()}"
        fresh.symlink_to(chosen)
        fresh.replace(SHIM / "docker")
        path = f"{SHIM}{os.pathsep}{path}"
    return {**environment, "PATH": path, "DOCKER_BUILDKIT": "1"}


def main(arguments: list[str]) -> int:
    parser("tools.docker_cli", __doc__).parse_args(arguments)
    try:
        print(find(os.environ.get("PATH", os.defpath)))
    except NoBuildKitError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
