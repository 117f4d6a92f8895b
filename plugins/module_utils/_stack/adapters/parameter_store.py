# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameter Store of Systems Manager, as far as templates read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._aws.api import AwsClient

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What GetParameters takes at once.
_AT_ONCE = 10


class ParameterStore(AwsClient):
    """The parameters of an account and region."""

    label = "Systems Manager"

    def read_values(self, names: Sequence[str]) -> Mapping[str, str]:
        """The values by the names given; without those that are not there."""
        found: dict[str, str] = {}
        for start in range(0, len(names), _AT_ONCE):
            chosen = list(names[start : start + _AT_ONCE])
            answer = self._call(f"read {', '.join(chosen)} in Parameter Store", "get_parameters", Names=chosen)
            for item in answer["Parameters"]:
                # A name may carry a version or label, which the answer tells apart.
                found[f"{item['Name']}{item.get('Selector', '')}"] = item["Value"]
                found.update({name: item["Value"] for name in chosen if name == item.get("ARN")})
        return found
