# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The version before stays for the pages that are open.
LEAST_KEPT = 2
#: What a page asks for beside itself to learn where it is.
CONFIG = "config.json"
PUBLISHED, ROLLED_BACK = "published", "rolled_back"
_LONGEST_VERSION = 200


@dataclass(frozen=True, slots=True)
class SiteRequest:
    """What to publish where. ``owner`` names this run, and no other, to whoever finds its lock."""

    bucket: str
    distribution_id: str
    url: str
    owner: str
    version: str = ""
    rolls_back: bool = False
    keep: int = 5
    concurrency: int = 8
    media_types: Mapping[str, str] = field(default_factory=dict)
    invalidation_seconds: float = 600.0
    verification_seconds: float = 60.0

    @property
    def site(self) -> str:
        """What its rows in the release table are filed under."""
        return site_name(self.bucket)


def site_name(bucket: str) -> str:
    """What the rows of the site in *bucket* are filed under; no service can be called so."""
    return f"site/{bucket}"


def build_request(params: Mapping[str, Any], *, owner: str) -> SiteRequest:
    """The request that the options make. Raises RequestError that names all that is wrong with them."""
    problems = list(_problems(params))
    if problems:
        numbered = " ".join(f"({number}) {problem}." for number, problem in enumerate(problems, 1))
        raise RequestError(f"The site cannot be released like this; nothing was changed: {numbered}", problems=problems)
    return SiteRequest(
        bucket=params["bucket"],
        distribution_id=params["distribution_id"],
        url=params["url"].rstrip("/"),
        owner=owner,
        version=params["version"] or "",
        rolls_back=params["state"] == ROLLED_BACK,
        keep=params["keep"],
        concurrency=params["concurrency"],
        media_types={ending.lower().lstrip("."): kind for ending, kind in (params["media_types"] or {}).items()},
        invalidation_seconds=params["invalidation_timeout_seconds"],
        verification_seconds=params["verification_timeout_seconds"],
    )


def made_files(config: Mapping[str, Any] | None) -> dict[str, bytes]:
    """The file that a configuration makes, the same bytes for the same values; none without one."""
    if not config:
        return {}
    return {CONFIG: (json.dumps(config, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()}


def _problems(params: Mapping[str, Any]) -> list[str]:
    found = []
    parts = urlsplit(params["url"])
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        found.append(f"url is {params['url'][:80]!r}, which is no address of a site, like https://video.example.org")
    if params["keep"] < LEAST_KEPT:
        found.append(f"keep is {params['keep']}; it must be at least {LEAST_KEPT}, for pages that are open")
    if not 1 <= params["concurrency"] <= 64:
        found.append(f"concurrency is {params['concurrency']}; it must be from 1 to 64")
    version = params["version"] or ""
    if not version.isprintable() or len(version) > _LONGEST_VERSION:
        found.append(f"version must be at most {_LONGEST_VERSION} visible characters")
    if params["state"] == PUBLISHED and not params["source"]:
        found.append("source is empty; name the folder that the build wrote")
    for ending, kind in (params["media_types"] or {}).items():
        if not isinstance(kind, str) or "/" not in kind or not kind.isprintable() or not kind.isascii():
            found.append(f"media_types gives {ending!r} no media type, like image/png")
    found += [
        f"{name} is {params[name]}; it must be at least 1"
        for name in ("invalidation_timeout_seconds", "verification_timeout_seconds", "largest_file_bytes")
        if params[name] < 1
    ]
    return found
