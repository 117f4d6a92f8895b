# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker Hub: its names, which are not where it answers, and the prefix of its own images."""

from __future__ import annotations

#: What an image reference starts with, where the API answers, and how Docker's configuration calls it.
DOCKER_HUB = "docker.io"
API_HOST = "registry-1.docker.io"
CONFIG_KEY = "https://index.docker.io/v1/"

_NAMES = frozenset({DOCKER_HUB, API_HOST, "index.docker.io", "registry.docker.io", "registry.hub.docker.com"})


def canonical_registry(host: str) -> str:
    """``docker.io`` for any name of Docker Hub; another host as it is."""
    return DOCKER_HUB if host.lower() in _NAMES else host


def api_host(host: str) -> str:
    """Where the registry of this name answers."""
    return API_HOST if canonical_registry(host) == DOCKER_HUB else host


def without_hub(repository: str) -> str:
    """The repository's name without a name of Docker Hub before it."""
    first, slash, rest = repository.partition("/")
    return rest if slash and first.lower() in _NAMES else repository


def repository_at(host: str, repository: str) -> str:
    """The repository's whole name at *host*: on Docker Hub ``alpine`` is ``library/alpine``."""
    if canonical_registry(host) != DOCKER_HUB:
        return repository
    name = without_hub(repository)
    return name if "/" in name or not name else f"library/{name}"
