# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image of a repository a version names. Writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.commands import PROVISION_REGISTRY
from .._errors import RefusedError, RequestError
from .image import ReleaseImage, find_release, nearest_versions

if TYPE_CHECKING:
    from .ports import Images


def find_image(images: Images, repository: str, version: str, *, host: str) -> ReleaseImage:
    """The newest image of *repository* that *version* (a semver, a whole tag or a digest) names.

    *host* is what the registry is called in messages. Raises RefusedError that names the nearest versions when there
    is none, or when there is no such repository.
    """
    if not version:
        raise RequestError("No version was named: name a semantic version, a whole image tag, or a digest.")
    found = images.describe_images(repository)
    if found is None:
        raise RefusedError(
            f"Looked for {version} in {host}, but it has no repository {repository}. Nothing was changed. Provision "
            f"component 'ecr' there first ({PROVISION_REGISTRY}), or name another repository or account."
        )
    release = find_release(found, version)
    if release is None:
        near = nearest_versions(found, version)
        known = f"Nearest versions there: {', '.join(near)}." if near else "It holds no tagged image yet."
        others = ", or name one of these" if near else ""
        raise RefusedError(
            f"Looked for {version} in {host}/{repository}, but no image there has that version (looked for a tag "
            f"'{version}', a tag '{version}-<commit>' and a digest). Nothing was changed. {known} Publish "
            f"or promote that version to this registry first{others}.",
            nearest_versions=list(near),
        )
    return release
