# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What functions come to whose arguments can be of the right form and still be refused by CloudFormation. Pure.

Each raises `RequestError` that says what is wrong; whoever calls adds the place in the template.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from itertools import islice
from typing import Any

from .._errors import RequestError

MOST_RANGES = 256
_LONGEST_PREFIX = 32


def selected(index: Any, items: Any) -> Any:
    """The item of ``Fn::Select``."""
    if not isinstance(items, list):
        raise RequestError(f"Fn::Select wants a list, and gets {items!r}")
    number = whole(index)
    if number is None or number >= len(items):
        raise RequestError(
            f"Fn::Select wants item {index} (the first is 0) of a list of {len(items)} ({', '.join(map(str, items))})"
        )
    return items[number]


def ranges(block: Any, count: Any, bits: Any) -> list[str]:
    """The IPv4 ranges of ``Fn::Cidr``, each with 2 to the power of *bits* addresses."""
    number, size = whole(count), whole(bits)
    if number is None or not 1 <= number <= MOST_RANGES:
        raise RequestError(f"Fn::Cidr makes 1 to {MOST_RANGES} ranges, and {count} are wanted")
    try:
        network = IPv4Network(block)
    except ValueError as reason:
        raise RequestError(f"Fn::Cidr cannot cut {block}: {reason}") from reason
    if size is None or not 1 <= size <= _LONGEST_PREFIX - network.prefixlen:
        raise RequestError(f"Fn::Cidr cannot cut {block} into ranges of {bits} host bits")
    fitting = 2 ** (_LONGEST_PREFIX - network.prefixlen - size)
    if number > fitting:
        raise RequestError(f"Fn::Cidr cannot cut {block} into {number} ranges of {size} host bits: {fitting} fit")
    return [str(subnet) for subnet in islice(network.subnets(new_prefix=_LONGEST_PREFIX - size), number)]


def looked_up(mappings: Mapping[str, Any], name: str, first: str, second: str) -> Any:
    """The value of ``Fn::FindInMap``."""
    found: Any = mappings
    for key, label in ((name, "Mappings"), (first, f"the mapping {name}"), (second, f"the mapping {name} at {first}")):
        # Keys that YAML reads as numbers, like account ids, are text for CloudFormation.
        inner = {str(known): value for known, value in found.items()} if isinstance(found, Mapping) else {}
        if key not in inner:
            raise RequestError(f"Fn::FindInMap looks up {key!r} in {label}, which has no such key")
        found = inner[key]
    return found


def whole(value: Any) -> int | None:
    """A whole number from zero on, maybe written as text; None for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
