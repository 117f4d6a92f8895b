# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trusted roots of a Sigstore instance on this machine, such as the sandbox's.

Whoever has an account on the machine may have such an instance vouch for anything, so it counts only where the
registries are on it too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...._common.addresses import is_this_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where a trusted root names its parts, and by what (Sigstore's protobuf-specs, sigstore_trustroot.proto).
_PARTS = {"certificateAuthorities": "uri", "timestampAuthorities": "uri", "tlogs": "baseUrl", "ctlogs": "baseUrl"}


def local_instance(trusted_root: str) -> str:
    """An address on this machine that the text of a trusted_root.json names; empty when it names none.

    What is no trusted root names none: whoever reads it says what is wrong with it.
    """
    try:
        root = json.loads(trusted_root or "{}")
    except ValueError:
        return ""
    return next(filter(_is_local, _addresses(root)), "")


def _addresses(root: Any) -> Iterator[str]:
    for part, name in _PARTS.items():
        listed = root.get(part) if isinstance(root, dict) else None
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, dict) and isinstance(each.get(name), str):
                yield each[name]


def _is_local(address: str) -> bool:
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return False
    return bool(host) and is_this_machine(host or "")
