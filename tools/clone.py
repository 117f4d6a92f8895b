# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How what this clone makes in the Docker engine is told from what others make."""

import hashlib
from pathlib import Path

from tools.files import ROOT

CACHE_LABEL = "fastbreak.cache"
"""On the images that are kept as caches. Its value is the image's tag, for images built on it inherit the label."""
CLONE_LABEL = "fastbreak.clone"


def identity(root: Path = ROOT) -> str:
    """A name for the clone at *root*: another folder has another one."""
    return hashlib.sha256(str(root).encode()).hexdigest()[:12]
