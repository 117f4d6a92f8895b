# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was published. Writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .history import accepted, kept
from .values import release_data

if TYPE_CHECKING:
    from .ports import SiteReleases


def read_releases(site: str, releases: SiteReleases, *, keep: int, history: int) -> dict[str, Any]:
    """The newest releases of *site*, which version is shown, and which can be gone back to."""
    every = releases.history(site)
    newest = accepted(every)
    there = kept(every, newest.manifest, keep) if newest else frozenset()
    versions = dict.fromkeys(release.version for release in every if release.succeeded and release.manifest in there)
    return {
        "version": newest.version if newest else "",
        "kept_versions": list(versions),
        "releases": [release_data(release) for release in every[:history]],
    }
