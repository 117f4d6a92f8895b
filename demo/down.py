# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends what the demo started and removes what it made, beyond the caches it names."""

from __future__ import annotations

import contextlib
import shutil
import sys
from typing import TYPE_CHECKING

import docker
from docker.errors import APIError, DockerException

from demo.commands import Runner, everything
from demo.labels import label_of

if TYPE_CHECKING:
    from pathlib import Path

    from demo.console import Console

CACHED_IMAGES = "fastbreak-sandbox/*"
CACHE_FOLDERS = (".venv", ".venv-service", ".cache")


def take_down(console: Console, root: Path, sandbox: str) -> None:
    """Stop the sandbox, remove the images built for it, stop the engine if it was started for the demo."""
    runner = Runner(console, root, root / ".cache" / "demo-down", {})
    with console.step("1", "Sandbox"):
        runner.run([sys.executable, "-m", "sandbox", "down", "--name", sandbox], log="sandbox-down", show=everything)
    with console.step("2", "Images of the service"):
        caches = _remove_images(console, sandbox)
    with console.step("3", "Docker engine, if it was started for this"):
        runner.run([sys.executable, "-m", "tools.engine", "stop"], log="engine-stop", show=everything)
    shutil.rmtree(root / ".sandbox" / f"{sandbox}.demo", ignore_errors=True)
    with contextlib.suppress(OSError):  # another sandbox of this clone may still be up
        (root / ".sandbox").rmdir()
    shutil.rmtree(root / ".cache" / "demo-down", ignore_errors=True)
    print("\nKept as caches, so that the next start is quick:", flush=True)
    for line in [*caches, *(f"{name}/" for name in CACHE_FOLDERS if (root / name).exists())]:
        console.detail(line)
    console.detail("the Docker engine's build cache, and uv's and pip's under ~/.cache")
    console.detail(
        "`make clean-caches` removes what this clone made of them; the last line is shared with other projects"
    )


def show_down(console: Console, root: Path, sandbox: str) -> None:
    """Print what `take_down` would remove."""
    runner = Runner(console, root, root / ".cache" / "demo-down", {})
    for title, command in (
        ("Sandbox", ["sandbox", "down", "--dry-run", "--name", sandbox]),
        ("Docker engine, if it was started for this", ["tools.engine", "stop", "--dry-run"]),
    ):
        print(f"\n{title}", flush=True)
        runner.run([sys.executable, "-m", *command], log=command[0], show=everything, check=False)
    print("\nImages of the service", flush=True)
    try:
        images = docker.from_env().images.list(filters={"label": label_of(sandbox)})
    except DockerException:
        images = []
    for image in images:
        console.detail(", ".join(image.tags) or str(image.short_id))
    shutil.rmtree(runner.logs, ignore_errors=True)


def _remove_images(console: Console, sandbox: str) -> list[str]:
    """Remove the images that were built for this sandbox; return the names of the cached images that stay."""
    try:
        client = docker.from_env()
        images = client.images.list(filters={"label": label_of(sandbox)})
        kept = client.images.list(CACHED_IMAGES)
    except DockerException:
        console.detail("no Docker engine runs: nothing to remove")
        return []
    for image in images:
        try:
            client.images.remove(str(image.id), force=True)
            console.detail(f"removed {', '.join(image.tags) or image.short_id}")
        except APIError as error:
            console.detail(f"kept {image.short_id}: {error.explanation}")
    return [f"image {tag}" for image in kept for tag in image.tags]
