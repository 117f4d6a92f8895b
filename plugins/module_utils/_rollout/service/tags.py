# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``tags``, as AWS takes tags. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._common.given import value_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

# "Tag your AWS resources": what a key, a value and a resource may have; three tags are the collection's own.
_LONGEST_KEY, _LONGEST_VALUE, _MOST = 128, 256, 47


def read_tags(given: Mapping[Any, Any]) -> tuple[dict[str, str], list[str]]:
    """The tags that *given* stands for, a whole number by its text; and what is wrong, in the words of the option."""
    tags: dict[str, str] = {}
    problems: list[str] = []
    for key, value in given.items():
        name = str(key)
        if problem := value_problem(value):
            problems.append(f"tags.{name} {problem}.")
        elif not name or len(name) > _LONGEST_KEY:
            problems.append(f"tags has a key of {len(name)} characters; AWS takes 1 to {_LONGEST_KEY}.")
        elif name.lower().startswith("aws:"):
            problems.append(f"tags.{name} begins with aws:, which AWS keeps for itself.")
        elif len(str(value)) > _LONGEST_VALUE:
            problems.append(f"tags.{name} has {len(str(value))} characters; AWS takes {_LONGEST_VALUE}.")
        else:
            tags[name] = str(value)
    if len(given) > _MOST:
        problems.append(f"tags has {len(given)} entries; AWS takes 50, three of which a rollout sets itself.")
    return tags, problems
