# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remove the caches that `make demo-down` keeps: this clone's folders, and the images it built in the Docker engine.

What other clones made stays, and so does the engine's build cache, which cannot be told apart by clone (`docker builder
prune` empties it). Without --yes you are asked first.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, DockerException

from tools import clone
from tools.command_line import parser
from tools.files import ROOT

FOLDERS = (
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".import_linter_cache",
    ".build",
    ".venv-service",
    ".cache",
    "service/web/node_modules",
    ".venv",
)
"""The environment that this runs in goes last."""


@dataclass(frozen=True)
class Image:
    """An image of the engine: its id, tags and labels."""

    id: str
    tags: tuple[str, ...]
    labels: dict[str, str]


def caches(images: list[Image], identity: str) -> list[str]:
    """The tags of the caches that the clone of this identity built. An image that is built on one is none itself."""
    ours = [image for image in images if image.labels.get(clone.CLONE_LABEL) == identity]
    return sorted(tag for image in ours for tag in image.tags if image.labels.get(clone.CACHE_LABEL) == tag)


def folders(root: Path) -> list[Path]:
    return [root / name for name in FOLDERS if (root / name).exists()]


def _engine(verb: str) -> bool:
    command = [sys.executable, "-m", "tools.engine", verb]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


@contextmanager
def engine(*, start: bool) -> Iterator[docker.DockerClient | None]:
    """A client of the engine. If *start* is set, one that is installed and does not run is started meanwhile."""
    started = start and not _engine("status") and shutil.which("dockerd") is not None and _engine("ensure")
    try:
        client = docker.from_env()
    except DockerException:
        client = None
    try:
        yield client
    finally:
        if client is not None:
            client.close()
        if started:
            _engine("stop")


def images_of(client: docker.DockerClient) -> list[Image]:
    found = client.images.list(filters={"label": clone.CACHE_LABEL})
    return [Image(str(image.id), tuple(image.tags), dict(image.labels)) for image in found]


def remove_image(client: docker.DockerClient, tag: str) -> str:
    """Remove an image unless a container uses it; what happened, in a sentence."""
    try:
        client.images.remove(tag)
    except APIError as error:
        return f"kept image {tag}: {error.explanation}"
    return f"removed image {tag}"


def agreed(ask: Callable[[str], str] = input) -> bool:
    """Whether the person at the terminal agrees."""
    try:
        return ask("Remove them? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def main(arguments: list[str]) -> int:
    made = parser("tools.clean", __doc__)
    made.add_argument("--dry-run", action="store_true", help="list what would be removed, and remove nothing")
    made.add_argument("--yes", action="store_true", help="do not ask")
    options = made.parse_args(arguments)
    with engine(start=not options.dry_run) as client:
        tags = caches(images_of(client), clone.identity()) if client else []
        places = folders(ROOT)
        for line in [*(f"image {tag}" for tag in tags), *(f"{place.name}/" for place in places)]:
            print(line)
        if client is None:
            print("No Docker engine runs, so its images are not listed.")
        if options.dry_run or not (tags or places):
            print("Nothing was removed." if options.dry_run else "There is nothing to remove.")
            return 0
        if not options.yes and not (sys.stdin.isatty() and agreed()):
            print("Nothing was removed: answer y at a terminal, or give --yes.", file=sys.stderr)
            return 1
        if client is not None:
            print("".join(f"{remove_image(client, tag)}\n" for tag in tags), end="", flush=True)
    for place in places:
        shutil.rmtree(place)
        print(f"removed {place.name}/", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
