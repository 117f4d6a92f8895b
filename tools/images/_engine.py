# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Docker engine, through its command-line client."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from tools.images._errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HASH_LABEL = "fastbreak.input-hash"
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def require_engine() -> None:
    """Raise unless a Docker engine answers."""
    if shutil.which("docker") is None:
        raise ImageError("No docker command on PATH. Install a Docker engine (Debian: apt-get install docker.io).")
    answer = _docker("version", "--format", "{{.Server.Version}}")
    if answer.returncode != 0:
        raise ImageError(f"The Docker engine does not answer: {_tail(answer)}. Start it (dockerd) and try again.")


def input_hash(*parts: str | bytes) -> str:
    """One hash over everything an image is made from."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def stored_hash(image: str) -> str | None:
    """The input hash that `image` was built from, or none when the engine has no such image."""
    answer = _docker("image", "inspect", "--format", f'{{{{index .Config.Labels "{HASH_LABEL}"}}}}', image)
    return answer.stdout.strip() or None if answer.returncode == 0 else None


def image_exists(image: str) -> bool:
    return _docker("image", "inspect", "--format", "{{.Id}}", image).returncode == 0


def pull(image: str, timeout_seconds: float) -> str | None:
    """Pull `image`; the reason when that did not work in time."""
    try:
        answer = _docker("pull", "--quiet", image, timeout_seconds=timeout_seconds)
    except subprocess.TimeoutExpired:
        return f"no answer in {timeout_seconds:.0f} s"
    return None if answer.returncode == 0 else _tail(answer)


def build(tag: str, context: Path, *, arguments: Mapping[str, str], labels: Mapping[str, str]) -> None:
    """Build `context` as `tag`.

    By the classic builder unless DOCKER_BUILDKIT says otherwise: it alone finds an image that only this engine has
    in every client, whatever builder plugin is installed or configured.
    """
    options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    options += [f"--build-arg={name}" for name in _PROXY_VARIABLES if os.environ.get(name)]
    options += [f"--label={name}={value}" for name, value in labels.items()]
    environment = {"DOCKER_BUILDKIT": "0", **os.environ}
    answer = _docker("build", "--force-rm", f"--tag={tag}", *options, str(context), environment=environment)
    if answer.returncode != 0:
        raise ImageError(f"Building {tag} failed:\n{_tail(answer, lines=25)}")


def import_tar(tar: Path, tag: str, labels: Mapping[str, str]) -> None:
    """Make an image of one layer out of a root filesystem's tar."""
    changes = [f"--change=LABEL {name}={value}" for name, value in labels.items()]
    answer = _docker("import", *changes, str(tar), tag)
    if answer.returncode != 0:
        raise ImageError(f"Importing the root filesystem as {tag} failed: {_tail(answer)}")


def _docker(
    *arguments: str, timeout_seconds: float | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_seconds,
        env=environment,
    )


def _tail(answer: subprocess.CompletedProcess[str], lines: int = 1) -> str:
    text = (answer.stdout + answer.stderr if lines > 1 else answer.stderr or answer.stdout).strip()
    return "\n".join(text.splitlines()[-lines:])
