# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The store of distributions, made to tell the data plane what changes, and invalidations that reach the cache."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

from sandbox.ministack import cloudfront, responses
from sandbox.services.cloudfront.model.distributions import CACHES

_Store: Any = responses.AccountScopedDict
_CREATED = 201


class Distributions(_Store):  # type: ignore[misc]
    """Binds a distribution's address when it is stored, releases it when it goes."""

    __slots__ = ("sync",)

    def __init__(self, sync: Callable[[], None]) -> None:
        super().__init__()
        self.sync = sync

    def __setitem__(self, identifier: str, record: dict[str, Any]) -> None:
        super().__setitem__(identifier, record)
        self.sync()

    def __delitem__(self, identifier: str) -> None:
        super().__delitem__(identifier)
        self.sync()

    def pop(self, identifier: str, *default: Any) -> Any:
        """Remove and release."""
        found = super().pop(identifier, *default)
        self.sync()
        return found


def install(sync: Callable[[], None], new_address: Callable[[set[str]], str]) -> None:
    """Give distributions addresses, and have invalidations forget what they name."""
    create = cloudfront._create_invalidation

    def domain() -> str:
        return new_address({record["DomainName"] for record in cloudfront._distributions.to_dict().values()})

    def invalidated(dist_id: str, body: bytes) -> Any:
        status, headers, content = create(dist_id, body)
        if status == _CREATED:
            told = ET.fromstring(content)  # noqa: S314 - MiniStack wrote it
            paths = [element.text or "" for element in told.iter() if element.tag.rpartition("}")[2] == "Path"]
            CACHES.of(cloudfront._distributions[dist_id]).invalidate(paths)
        return status, headers, content

    cloudfront._ensure_distribution_config_sdk_compat = _completed(cloudfront._ensure_distribution_config_sdk_compat)
    cloudfront._distributions = Distributions(sync)
    cloudfront._new_distribution_domain = domain
    cloudfront._create_invalidation = invalidated


def _completed(complete: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def handle(config: ET.Element | None) -> Any:
        """AWS also tells that a distribution restricts nothing, and that a behavior encrypts no field."""
        if config is None:
            return complete(config)
        if config.find("{*}Restrictions") is None:
            config.append(ET.fromstring(cloudfront._EMPTY_SUMMARY_BLOCKS["Restrictions"]))  # noqa: S314 - MiniStack's
        for behavior in list(config.iter()):
            is_one = behavior.tag.rpartition("}")[2] in {"DefaultCacheBehavior", "CacheBehavior"}
            if is_one and behavior.find("{*}FieldLevelEncryptionId") is None:
                ET.SubElement(behavior, "FieldLevelEncryptionId")
        return complete(config)

    return handle
