# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The distribution in front of the site's bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..._common.amount import amount

if TYPE_CHECKING:
    from collections.abc import Callable


class DistributionClient(AwsClient):
    """One distribution."""

    label = "CloudFront"

    def __init__(self, connect: Callable[[], Any], distribution_id: str) -> None:
        super().__init__(connect)
        self._id = distribution_id

    def invalidate(self, addresses: tuple[str, ...], reference: str) -> str:
        """Have caches forget *addresses*; the invalidation's id. The same *reference* is carried out once."""
        answer = self._call(
            f"invalidate {amount(len(addresses), 'address', 'addresses')} of distribution {self._id}",
            "create_invalidation",
            DistributionId=self._id,
            InvalidationBatch={
                "Paths": {"Quantity": len(addresses), "Items": list(addresses)},
                "CallerReference": reference,
            },
        )
        return str(answer["Invalidation"]["Id"])

    def is_done(self, invalidation: str) -> bool:
        """Whether all caches have."""
        answer = self._call(
            f"read invalidation {invalidation} of distribution {self._id}",
            "get_invalidation",
            DistributionId=self._id,
            Id=invalidation,
        )
        return bool(answer["Invalidation"]["Status"] == "Completed")
