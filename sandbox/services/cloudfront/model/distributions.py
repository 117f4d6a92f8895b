# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a distribution's configuration says that MiniStack does not read, and which cache a distribution has."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree as ET

from sandbox.ministack import cloudfront
from sandbox.services.cloudfront.model.cache import Cache, Key, Lifetimes
from sandbox.side_table import SideTable

Behavior = Mapping[str, Any]

CACHES: SideTable[Cache] = SideTable(
    key=lambda record: record["ARN"],
    is_held=lambda record: any(held is record for held in cloudfront._distributions.to_dict().values()),
    make=Cache,
)


def config(distribution: Mapping[str, Any]) -> ET.Element:
    """A distribution's configuration, as it was sent. Nobody changes it."""
    return _parsed(distribution["config_xml"])


@lru_cache(maxsize=64)
def _parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - MiniStack wrote it


def text_of(element: ET.Element, name: str) -> str:
    """The text of the first descendant of that name, whatever its namespace; empty when there is none."""
    return next((child.text or "" for child in element.iter() if child.tag.rpartition("}")[2] == name), "")


def error_seconds(distribution: Mapping[str, Any]) -> dict[int, int]:
    """The error caching minimum TTL of each status for which there is one."""
    found = {}
    for element in config(distribution).iter():
        if element.tag.rpartition("}")[2] == "CustomErrorResponse" and (
            seconds := text_of(element, "ErrorCachingMinTTL")
        ):
            found[int(text_of(element, "ErrorCode"))] = int(seconds)
    return found


def policy(behavior: Behavior) -> Mapping[str, Any] | None:
    """The configuration of a behavior's cache policy; None when it has none."""
    name = behavior.get("cache_policy_id")
    found = cloudfront._cache_policies.get(name) or cloudfront._MANAGED_CACHE_POLICIES.get(name)
    return found["Config"] if found else None


def lifetimes(behavior: Behavior) -> Lifetimes:
    """How long a behavior's answers are kept; not at all without a cache policy."""
    found = policy(behavior)
    return Lifetimes.of(found) if found is not None else Lifetimes(0, 0, 0)


def compresses(behavior: Behavior) -> bool:
    """Whether a behavior compresses: it says so itself, and its cache policy keeps encodings apart."""
    found = policy(behavior) or {}
    return bool(behavior.get("compress") and (found.get("Parameters") or {}).get("EnableAcceptEncodingGzip"))


def cache_key(behavior: Behavior, method: str, uri: str, query: str, headers: Mapping[str, str]) -> Key:
    """What tells requests apart in the cache, of a request as the origin gets it."""
    parameters = (policy(behavior) or {}).get("Parameters") or {}
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    cookies = [pair.strip().partition("=") for pair in headers.get("cookie", "").split(";") if pair.strip()]
    names = {name.lower() for name in parameters.get("Headers") or []}
    return (
        method,
        uri,
        tuple(pair for pair in pairs if _chosen(pair[0], parameters, "QueryString")),
        tuple(sorted(pair for pair in cookies if _chosen(pair[0], parameters, "Cookie"))),
        tuple(sorted((name, value) for name, value in headers.items() if name in names)),
    )


def _chosen(name: str, parameters: Mapping[str, Any], kind: str) -> bool:
    behavior, listed = parameters.get(f"{kind}Behavior", "none"), parameters.get(f"{kind}s") or []
    return {"all": True, "whitelist": name in listed, "allExcept": name not in listed}.get(behavior, False)
