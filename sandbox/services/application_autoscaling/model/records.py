# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is registered, and how actions refuse."""

from dataclasses import dataclass
from typing import Any

from sandbox.ministack import responses

Data = dict[str, Any]
Key = str
"""Namespace, resource id and dimension of a target, joined."""


@dataclass(frozen=True)
class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """The API's exception and its text."""

    exception: str
    text: str


class Store:
    """Targets by key, policies and scheduled actions by target key and name, activities by id, tags by a target's ARN,
    when a target was last scaled out and in, by its key, and by a policy's ARN when it last asked for that.

    Each account and region has its own.
    """

    def __init__(self) -> None:
        self.targets: Any = responses.AccountRegionScopedDict()
        self.policies: Any = responses.AccountRegionScopedDict()
        self.scheduled: Any = responses.AccountRegionScopedDict()
        self.activities: Any = responses.AccountRegionScopedDict()
        self.tags: Any = responses.AccountRegionScopedDict()
        self.scaled: Any = responses.AccountRegionScopedDict()

    def clear(self) -> None:
        """Forget everything, in every account."""
        for part in (self.targets, self.policies, self.scheduled, self.activities, self.tags, self.scaled):
            part.clear()


store = Store()


def key_of(data: Data) -> Key:
    """The target that a request is about."""
    return "|".join(str(data.get(name, "")) for name in ("ServiceNamespace", "ResourceId", "ScalableDimension"))


def registered(data: Data) -> Data:
    """The target that a request is about; ObjectNotFoundException when there is none."""
    found: Data | None = store.targets.get(key_of(data))
    if found is None:
        raise Refusal(
            "ObjectNotFoundException",
            f"No scalable target registered for service namespace: {data.get('ServiceNamespace')}, "
            f"resource ID: {data.get('ResourceId')}, scalable dimension: {data.get('ScalableDimension')}",
        )
    return found


def page(data: Data, member: str, items: list[Data]) -> Data:
    """One page of `items`, as `MaxResults` and `NextToken` ask."""
    first, size = int(data.get("NextToken") or 0), int(data.get("MaxResults") or 50)
    more = {"NextToken": str(first + size)} if len(items) > first + size else {}
    return {member: items[first : first + size], **more}
