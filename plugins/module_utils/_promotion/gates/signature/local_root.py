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

#: Where a trusted root names its parts, and by what (Sigstore's protobuf-specs, sigstore_trustroot.proto). Readers of
#: protobuf's JSON take the names of the fields themselves too.
_PARTS = (
    "certificateAuthorities",
    "certificate_authorities",
    "timestampAuthorities",
    "timestamp_authorities",
    "tlogs",
    "ctlogs",
)
_ADDRESSES = ("uri", "baseUrl", "base_url")


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
    for part in _PARTS:
        listed = root.get(part) if isinstance(root, dict) else None
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, dict):
                yield from (each[name] for name in _ADDRESSES if isinstance(each.get(name), str))


def _is_local(address: str) -> bool:
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return False
    return bool(host) and is_this_machine(host or "")
