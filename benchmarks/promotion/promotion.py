# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs `benchmarks.promotion.ours` and reads its answer."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError
from tools.files import ROOT


@dataclass(frozen=True)
class Ours:
    """What a promotion took. ``start_seconds``: the interpreter and its imports, from the outside."""

    seconds: float
    start_seconds: float
    added_mib: float
    before_mib: float
    changed: bool
    image: dict[str, Any]


@dataclass(frozen=True)
class Promotion:
    """One promotion of a tag, as the module is asked for it; all else is its default, so is a ``chunk_bytes`` of 0."""

    source: str
    destination: str
    repository: str
    destination_repository: str
    tag: str
    state_directory: Path
    chunk_bytes: int = 0

    def options(self) -> dict[str, Any]:
        """The module's options."""
        return {
            "source": {"registry": self.source, "plain_http": True},
            "destination": {"registry": self.destination, "plain_http": True},
            "repository": self.repository,
            "destination_repository": self.destination_repository,
            "tag": self.tag,
            "state_directory": str(self.state_directory),
            **({"chunk_bytes": self.chunk_bytes} if self.chunk_bytes else {}),
        }


def start(promotion: Promotion) -> subprocess.Popen[str]:
    """Begin a promotion."""
    collections = str(ROOT / ".ansible" / "collections")
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.promotion.ours", json.dumps(promotion.options())],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), collections))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(promotion: Promotion) -> Ours:
    """Run a promotion to its end. Raises BenchmarkError when it fails."""
    began = time.monotonic()
    with start(promotion) as process:
        output, problems = process.communicate()
    elapsed = time.monotonic() - began
    if process.returncode != 0:
        raise BenchmarkError(f"The promotion failed: {problems.strip()[-1500:]}")
    answer = json.loads(output)
    return Ours(
        seconds=answer["seconds"],
        start_seconds=elapsed - answer["seconds"],
        added_mib=answer["memory_added_kib"] / 1024,
        before_mib=answer["memory_before_kib"] / 1024,
        changed=answer["changed"],
        image=answer["images"][0],
    )
