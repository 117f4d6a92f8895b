# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the records say: which version is shown, which are kept, and where a rollback goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import RefusedError
from .._release.image import version_names
from .values import ROLLBACK

if TYPE_CHECKING:
    from .values import SiteRelease

History = tuple["SiteRelease", ...]


def accepted(history: History) -> SiteRelease | None:
    """The newest release that was verified; None when there is none. *history* is the newest first."""
    return next((release for release in history if release.succeeded), None)


def since_accepted(history: History) -> frozenset[str]:
    """The lists of files of which something may be in caches: of the newest verified release, and of all after it."""
    found: set[str] = set()
    for release in history:
        found.add(release.manifest)
        if release.succeeded:
            break
    return frozenset(found)


def kept(history: History, target: str, versions: int) -> frozenset[str]:
    """The lists of files that stay once *target* is verified: the newest *versions*, and what was tried meanwhile.

    A release that failed or was interrupted may have been seen, and counts as no version.
    """
    verified, found = {target}, {target}
    for release in history:
        if release.succeeded and release.manifest not in verified:
            if len(verified) >= versions:
                break
            verified.add(release.manifest)
        found.add(release.manifest)
    return frozenset(found)


def rollback_target(history: History, version: str, versions: int, site: str) -> SiteRelease:
    """The release whose files a rollback shows again. Raises RefusedError when there is none that is kept.

    Without a *version* it is the newest verified one with other files than what is shown; after an interrupted or
    failed release, the newest verified one; after a rollback, what is shown. *version* is one, or the id of a release.
    """
    newest = accepted(history)
    if newest is None:
        raise RefusedError(
            f"Rolling back {site} was refused: no version of it was ever verified, so there is none to go back to. "
            "Nothing was changed. Publish one first."
        )
    there = kept(history, newest.manifest, versions)
    possible = [release for release in history if release.succeeded and release.manifest in there]
    if version:
        found = next((release for release in possible if _is_named(release, version)), None)
    elif history[0] is not newest or newest.kind == ROLLBACK:
        found = newest
    else:
        found = next((release for release in possible if release.manifest != newest.manifest), None)
    if found is None:
        raise RefusedError(_nowhere(possible, version, site))
    return found


def _is_named(release: SiteRelease, version: str) -> bool:
    return version in (release.release_id, release.manifest) or version_names(
        version, tag=release.version, digest=release.manifest
    )


def _nowhere(possible: list[SiteRelease], version: str, site: str) -> str:
    names = ", ".join(dict.fromkeys(release.version for release in possible))
    wanted = f"version {version} is not kept" if version else "only one version is kept"
    return (
        f"Rolling back {site} was refused: {wanted}. Kept are: {names}. Nothing was changed. Name one of these as "
        "version, publish the wanted one again from its commit, or keep more from now on (keep)."
    )
