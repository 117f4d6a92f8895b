# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete what no kept version names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.amount import amount
from .plan import MOST_PATHS
from .show import invalidate
from .values import ASSETS, STORE, manifest_key

if TYPE_CHECKING:
    from .plan import SitePlan
    from .session import Session

_LISTS = manifest_key("").removesuffix(".json")


def prune(session: Session, planned: SitePlan, reference: str) -> None:
    """Delete what *planned* forgets: pages, before what they name; and lists of files last, for the next run."""
    keys = planned.forget
    if not keys:
        return
    session.say(f"deleting {amount(len(keys), 'object')} that no kept version names")
    pages = [key for key in keys if not key.startswith((ASSETS, STORE))]
    lists = [key for key in keys if key.startswith(_LISTS)]
    _delete(session, pages)
    for first in range(0, len(planned.leave), MOST_PATHS):
        invalidate(session, planned.leave[first : first + MOST_PATHS], f"{reference}-{first}")
    _delete(session, [key for key in keys if key not in {*pages, *lists}])
    _delete(session, lists)


def _delete(session: Session, keys: list[str]) -> None:
    session.secure("deleting what no kept version names")
    session.ports.bucket.delete_objects(tuple(keys))
