# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a lifecycle policy would do to a repository's images. No I/O, and nothing expires.

AWS: ECR User Guide, "Lifecycle policy properties", "How lifecycle policies work": an image that a rule selects is not
expired by a later rule, which counts it all the same; an image that an index names stays as long as the index does.
"""

import fnmatch
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]
_SELECTION = frozenset(
    {"tagStatus", "tagPrefixList", "tagPatternList", "countType", "countUnit", "countNumber", "storageClass"}
)
_DAY_SECONDS = 24 * 3600
_MOST_WILDCARDS = 4


class InvalidLifecyclePolicyError(ValueError):
    """The text is no lifecycle policy."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation "
            f"failure: {why}'"
        )


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. `count` is images or days."""

    priority: int
    tag_status: str
    patterns: tuple[str, ...]
    by_age: bool
    count: int

    def selects(self, record: Record) -> bool:
        """Whether the rule is about the image, apart from its age. Each pattern must be met by some tag."""
        tags = record["imageTags"]
        if self.tag_status == "any":
            return True
        if self.tag_status == "untagged":
            return not tags
        return all(any(fnmatch.fnmatchcase(tag, pattern) for tag in tags) for pattern in self.patterns)


def parse(text: str) -> tuple[Rule, ...]:
    """The rules, the first to be applied first; InvalidLifecyclePolicyError."""
    try:
        rules = [_rule(rule) for rule in json.loads(text)["rules"]]
    except InvalidLifecyclePolicyError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidLifecyclePolicyError(f"it lacks or garbles {error}") from error
    ordered = tuple(sorted(rules, key=lambda rule: rule.priority))
    if len({rule.priority for rule in rules}) < len(rules):
        raise InvalidLifecyclePolicyError("rulePriority must be unique")
    if any(rule.tag_status == "any" for rule in ordered[:-1]):
        raise InvalidLifecyclePolicyError("a rule for any tagStatus must have the highest rulePriority")
    return ordered


def problem(text: str) -> str | None:
    """Why `text` is no lifecycle policy; None when there is nothing wrong with it."""
    try:
        parse(text)
    except InvalidLifecyclePolicyError as error:
        return str(error)
    return None


def expiring(
    rules: tuple[Rule, ...], records: list[Record], children: Mapping[str, Iterable[str]], now: float
) -> list[tuple[Record, int]]:
    """The images that would expire at `now` (epoch seconds), the oldest first, each with its rule's priority.

    `children` has the digests that an index names, by the index's own.
    """
    expired: dict[str, int] = {}
    claimed: set[str] = set()
    ordered = sorted(records, key=lambda record: record["imagePushedAt"])
    for rule in rules:
        chosen = [record for record in ordered if rule.selects(record)]
        if rule.by_age:
            gone = [record for record in chosen if record["imagePushedAt"] <= now - rule.count * _DAY_SECONDS]
        else:
            gone = chosen[: max(len(chosen) - rule.count, 0)]
        expired |= {record["imageDigest"]: rule.priority for record in gone if record["imageDigest"] not in claimed}
        claimed |= {record["imageDigest"] for record in chosen}
    kept = _named_by_what_stays([record["imageDigest"] for record in ordered], children, expired)
    return [
        (record, expired[record["imageDigest"]])
        for record in ordered
        if record["imageDigest"] in expired and record["imageDigest"] not in kept
    ]


def _named_by_what_stays(
    digests: list[str], children: Mapping[str, Iterable[str]], expired: dict[str, int]
) -> set[str]:
    """The digests that an index names which stays, directly or through another index."""
    kept: set[str] = set()
    waiting = [digest for digest in digests if digest not in expired]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in kept:
                kept.add(child)
                waiting.append(child)
    return kept


def _rule(given: dict[str, Any]) -> Rule:
    selection = given["selection"]
    if given["action"] != {"type": "expire"}:
        raise InvalidLifecyclePolicyError(f"the action {given['action']} is not expire, the only action here")
    if unknown := set(selection) - _SELECTION:
        raise InvalidLifecyclePolicyError(f"selection has {', '.join(sorted(unknown))}")
    status, count_type = selection["tagStatus"], selection["countType"]
    patterns = _patterns(selection)
    if status not in {"tagged", "untagged", "any"} or (status == "tagged") != bool(patterns):
        raise InvalidLifecyclePolicyError(
            f"tagStatus {status!r} with {len(patterns)} prefixes or patterns: tagged needs them, the others take none"
        )
    if count_type not in {"imageCountMoreThan", "sinceImagePushed"}:
        raise InvalidLifecyclePolicyError(f"countType is {count_type!r}")
    if (selection.get("countUnit") == "days") != (count_type == "sinceImagePushed"):
        raise InvalidLifecyclePolicyError("countUnit must be days with sinceImagePushed, and not be there otherwise")
    priority, count = int(given["rulePriority"]), int(selection["countNumber"])
    if priority < 1 or count < 1:
        raise InvalidLifecyclePolicyError("rulePriority and countNumber must be 1 or more")
    return Rule(
        priority=priority,
        tag_status=status,
        patterns=patterns,
        by_age=count_type == "sinceImagePushed",
        count=count,
    )


def _patterns(selection: dict[str, Any]) -> tuple[str, ...]:
    prefixes, patterns = selection.get("tagPrefixList") or [], selection.get("tagPatternList") or []
    if prefixes and patterns:
        raise InvalidLifecyclePolicyError("tagPrefixList and tagPatternList exclude each other")
    if any(pattern.count("*") > _MOST_WILDCARDS for pattern in patterns):
        raise InvalidLifecyclePolicyError(f"a tag pattern may have {_MOST_WILDCARDS} wildcards")
    return (*(f"{prefix}*" for prefix in prefixes), *patterns)
