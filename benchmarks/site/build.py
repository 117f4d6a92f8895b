# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a bundler would write: pages that keep their names, and assets whose names change with their content."""

import hashlib
import random
import shutil
from pathlib import Path

ASSETS, CHANGING, ASSET_BYTES = 30, 6, 20_000
"""Assets of a version, how many of them each release changes, and how large each is."""


def contents(release: int) -> dict[str, bytes]:
    """The files of a release, by path."""
    assets = {}
    for number in range(ASSETS):
        # Those that change are the same few, as an application's own code is, and the libraries stay.
        drawn = random.Random(f"{number}.{release if number < CHANGING else 0}")  # noqa: S311 - content, no secret
        body = drawn.randbytes(ASSET_BYTES)
        assets[f"assets/part{number}-{digest(body)}.js"] = body
    named = "".join(f'<script src="/{path}"></script>' for path in assets)
    return {
        **assets,
        "index.html": f"<!-- release {release} -->{named}".encode(),
        "about.html": f"about {release // 5}".encode(),
        "robots.txt": b"all may come",
    }


def digest(body: bytes) -> str:
    """What an asset's name says of its content."""
    return hashlib.sha256(body).hexdigest()[:16]


def write(folder: Path, release: int) -> None:
    """Leave exactly a release in the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, body in contents(release).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
