# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release of a site says: its result and its diff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .plan import SitePlan, standing

if TYPE_CHECKING:
    from .plan import State
    from .request import SiteRequest


@dataclass(frozen=True, slots=True)
class SiteResult:
    """What was done, or in check mode would be."""

    changed: bool
    planned: SitePlan
    previous_version: str
    release_id: str = ""


def result_data(result: SiteResult, request: SiteRequest, diff: dict[str, str]) -> dict[str, Any]:
    """The task's result."""
    planned = result.planned
    return {
        "changed": result.changed,
        "version": planned.version,
        "previous_version": result.previous_version,
        "release_id": result.release_id,
        "url": request.url,
        "manifest": planned.target.digest,
        "files": len(planned.target.files),
        "sent": [file.path for file in (*planned.send, *planned.store)],
        "bytes_sent": planned.bytes_to_send,
        "shown": [file.path for file in planned.show],
        "invalidated": list(planned.invalidate),
        "deleted": list(planned.forget),
        "diff": diff,
    }


def diff(planned: SitePlan, state: State, request: SiteRequest) -> dict[str, str]:
    """What changes, a line each."""
    before = standing(state.history)
    lines = [
        *(f"send /{file.path} ({file.media_type}, {file.size} bytes)" for file in planned.send),
        *(f"keep the content of /{file.path} for rollbacks ({file.size} bytes)" for file in planned.store),
        *(f"show /{file.path} ({file.media_type})" for file in planned.show),
        *(f"invalidate {address}" for address in planned.invalidate),
        *(f"delete {key}" for key in planned.forget),
    ]
    after = [f"version {planned.version}", *lines] if planned.changed else []
    return {
        "before_header": request.url,
        "after_header": request.url,
        "before": f"version {before or 'none'}\n" if planned.changed else "",
        "after": "".join(f"{line}\n" for line in after),
    }
