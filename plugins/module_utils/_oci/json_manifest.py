# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A manifest that is made here: its bytes, and the digest of these."""

from __future__ import annotations

import json
from typing import Any

from .model import RawManifest
from .names import digest_of


def raw_json(document: dict[str, Any], media_type: str) -> RawManifest:
    """*document* as the bytes of a manifest, always the same ones for the same document."""
    content = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return RawManifest(content, digest_of(content), media_type)
