# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A root filesystem with Python 3.13 on Debian trixie: pulled where a registry answers, else made from packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tools.clone import CACHE_LABEL
from tools.images import _engine
from tools.images._errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Callable

PUBLISHED_IMAGE = "python:3.13-slim-trixie"
ROOTFS_IMAGE = "fastbreak-sandbox/rootfs:trixie"
SUITE = "trixie"
# python3-venv brings pip's wheels, so that `python3 -m venv` works without a network.
PACKAGES = ("python3", "python3-venv", "ca-certificates")
_PULL_TIMEOUT_SECONDS = 90.0
_KEEP_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")


def rootfs_image(source: str, labels: dict[str, str], report: Callable[[str], None]) -> str:
    """The image to build on. `source` is `pull`, `debian` or `auto` (what is there, else pull, else Debian)."""
    if source != "debian":
        if _engine.image_exists(PUBLISHED_IMAGE):
            return PUBLISHED_IMAGE
        if source == "auto" and _is_current(ROOTFS_IMAGE):
            return ROOTFS_IMAGE
        reason = _engine.pull(PUBLISHED_IMAGE, _PULL_TIMEOUT_SECONDS)
        if reason is None:
            return PUBLISHED_IMAGE
        if source == "pull":
            raise ImageError(f"Pulling {PUBLISHED_IMAGE} failed: {reason}. Use --from debian to make it from packages.")
        report(f"{PUBLISHED_IMAGE} cannot be pulled ({reason}): making it from Debian's packages")
    if not _is_current(ROOTFS_IMAGE):
        _bootstrap(labels, report)
    return ROOTFS_IMAGE


def _recipe() -> str:
    return _engine.input_hash(SUITE, *PACKAGES, *_KEEP_OUT)


def _is_current(image: str) -> bool:
    return _engine.stored_hash(image) == _recipe()


def _bootstrap(labels: dict[str, str], report: Callable[[str], None]) -> None:
    _require_bootstrap_tools(report)
    with tempfile.TemporaryDirectory(prefix="fastbreak-rootfs-") as directory:
        tar = Path(directory) / "rootfs.tar"
        report(f"bootstrapping Debian {SUITE} with Python 3.13 (about half a minute)")
        _run_mmdebstrap(tar)
        _engine.import_tar(tar, ROOTFS_IMAGE, {**labels, CACHE_LABEL: ROOTFS_IMAGE, _engine.HASH_LABEL: _recipe()})


def _run_mmdebstrap(tar: Path) -> None:
    exclusions = [f"--dpkgopt=path-exclude={pattern}" for pattern in _KEEP_OUT]
    command = ["mmdebstrap", "--variant=apt", f"--include={','.join(PACKAGES)}", *exclusions]
    command += ['--aptopt=Acquire::Languages "none"', SUITE, str(tar)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        tail = "\n".join(answer.stderr.strip().splitlines()[-15:])
        raise ImageError(f"mmdebstrap of Debian {SUITE} failed (is Debian's mirror in reach?):\n{tail}")


def _require_bootstrap_tools(report: Callable[[str], None]) -> None:
    missing = [name for name, path in _BOOTSTRAP_PACKAGES.items() if not path()]
    if not missing:
        return
    install = f"apt-get install --no-install-recommends {' '.join(missing)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ImageError(f"Making the base image needs Debian's {', '.join(missing)}. Run: sudo {install}")
    report(f"installing {', '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], [*install.split(), "-y", "-q"]):
        answer = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if answer.returncode != 0:
            tail = "\n".join((answer.stdout + answer.stderr).strip().splitlines()[-10:])
            raise ImageError(f"`{' '.join(command)}` failed:\n{tail}")


_BOOTSTRAP_PACKAGES: dict[str, Callable[[], bool]] = {
    "mmdebstrap": lambda: shutil.which("mmdebstrap") is not None,
    "debian-archive-keyring": lambda: (
        any(Path("/usr/share/keyrings").glob("debian-archive-trixie-stable.*"))
        or Path("/usr/share/keyrings/debian-archive-keyring.gpg").exists()
    ),
}
