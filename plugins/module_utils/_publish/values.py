# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is published: values, and how a release's tag is put together."""

from __future__ import annotations

from dataclasses import dataclass

from .._oci.names import Address


@dataclass(frozen=True, slots=True)
class Publication:
    """What to publish: the command that builds ``local_image``, and the repository and tag it goes to.

    With ``fetch`` the engine is to have it as ``local_image`` also where it was published before. With ``digest`` it
    was: nothing is built, and the tag has to name that digest.
    """

    repository: str
    tag: str
    local_image: str
    build: tuple[str, ...]
    fetch: bool = False
    digest: str = ""

    @property
    def address(self) -> Address:
        """The tag that is published."""
        return Address(self.repository, self.tag)


@dataclass(frozen=True, slots=True)
class SourceTree:
    """A folder of a git working tree: the commit, and 12 hex digits of its content when it is not as committed."""

    commit: str
    dirty: str = ""

    def tag(self, version: str) -> str:
        """The image tag of a release built from it."""
        return f"{version}-{self.commit}" + (f"-dirty.{self.dirty}" if self.dirty else "")
