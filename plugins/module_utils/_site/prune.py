# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete what no kept version names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .plan import addresses
from .show import invalidate
from .values import ASSETS, STORE, manifest_key

if TYPE_CHECKING:
    from .session import Session


def prune(session: Session, keys: tuple[str, ...], reference: str) -> None:
    """Delete *keys*; caches forget the addresses of those that could change."""
    if not keys:
        return
    session.say(f"deleting {len(keys)} object(s) that no kept version names")
    session.secure("deleting what no kept version names")
    lists = tuple(key for key in keys if key.startswith(manifest_key("").removesuffix(".json")))
    session.ports.bucket.delete_objects(tuple(key for key in keys if key not in lists))
    # By these the next run knows what to delete when this one ends before.
    session.ports.bucket.delete_objects(lists)
    invalidate(session, addresses(key for key in keys if not key.startswith((ASSETS, STORE))), reference)
