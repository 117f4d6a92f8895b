# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The peers: skopeo, and docker's pull, tag and push."""

import subprocess
import time

from benchmarks.errors import BenchmarkError


def skopeo_command(source: str, destination: str) -> list[str]:
    """skopeo, told to copy everything byte for byte."""
    insecure = ("--src-tls-verify=false", "--dest-tls-verify=false")
    return [
        "skopeo",
        "copy",
        "--quiet",
        "--all",
        "--preserve-digests",
        *insecure,
        f"docker://{source}",
        f"docker://{destination}",
    ]


def skopeo(source: str, destination: str) -> float:
    """Seconds that skopeo takes."""
    return _timed([skopeo_command(source, destination)])


def docker(source: str, destination: str) -> float:
    """Seconds that docker takes for all three."""
    return _timed([["docker", "pull", source], ["docker", "tag", source, destination], ["docker", "push", destination]])


def docker_forget(*images: str) -> None:
    """Take images and their layers from the engine, if it has them."""
    subprocess.run(["docker", "image", "rm", "--force", *images], capture_output=True, check=False)


def _timed(commands: list[list[str]]) -> float:
    began = time.monotonic()
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchmarkError(f"`{' '.join(command)}` failed: {done.stderr.strip()[-400:]}")
    return time.monotonic() - began
