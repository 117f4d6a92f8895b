# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was promoted. Writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._release.image import version_names

if TYPE_CHECKING:
    from .._release.promotion import Promotion
    from .ports import Promotions


def read_promotions(
    service: str, promotions: Promotions, *, version: str = "", digest: str = "", history: int = 0
) -> tuple[Promotion, ...]:
    """The promotions of *service*, the newest first: of a *version* (semver, tag or digest) or *digest* if given.

    At most *history* of them unless that is 0.
    """
    found = tuple(
        promotion
        for promotion in promotions.promotions(service)
        if (not digest or promotion.digest == digest)
        and (not version or version_names(version, tag=promotion.version, digest=promotion.digest))
    )
    return found[:history] if history else found
