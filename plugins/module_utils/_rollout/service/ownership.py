# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a listener rule or a task definition is, as its tags say. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SERVICE_TAG = "fastbreak:service"
CLUSTER_TAG = "fastbreak:cluster"


@dataclass(frozen=True, slots=True)
class Owner:
    """A service of a cluster. Either is empty when a tag says only the other."""

    service: str
    cluster: str

    @property
    def marks(self) -> dict[str, str]:
        """The tags of what is this service's own."""
        return {SERVICE_TAG: self.service, CLUSTER_TAG: self.cluster}

    def __str__(self) -> str:
        return f"service {self.service or '(unknown)'} of cluster {self.cluster or '(unknown)'}"

    def owns(self, tags: Iterable[tuple[str, str]]) -> bool:
        """Whether both marks name this service."""
        return owner_of(tags) == self

    def excluded_by(self, tags: Iterable[tuple[str, str]]) -> bool:
        """Whether a mark names another service or cluster."""
        marked = owner_of(tags)
        return marked is not None and (
            marked.service not in ("", self.service) or marked.cluster not in ("", self.cluster)
        )


def owner_of(tags: Iterable[tuple[str, str]]) -> Owner | None:
    """Whom the marks among *tags* name, or None without any."""
    found = dict(tags)
    service, cluster = found.get(SERVICE_TAG, ""), found.get(CLUSTER_TAG, "")
    return Owner(service, cluster) if service or cluster else None
