# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of inventory variables that nobody knows, and that are near to a known one: most likely it was meant. Pure.

A variable that no role knows is ignored by Ansible. Users have variables of their own, so that only what differs by a
letter or two from a known name is taken for it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Variables that all components share. Others of that prefix are nobody's, unless they look like one of these.
SHARED = (
    "fastbreak_account_id",
    "fastbreak_components_report",
    "fastbreak_container_port",
    "fastbreak_database_port",
    "fastbreak_depends_on",
    "fastbreak_deployed_by",
    "fastbreak_environment",
    "fastbreak_region",
    "fastbreak_service_name",
    "fastbreak_tags",
    "fastbreak_test_listener_port",
)
#: What the playbooks are told with -e.
TOLD = (
    "answer",
    "comment",
    "confirm",
    "deployed_by",
    "gate",
    "ids",
    "page",
    "repair",
    "replace",
    "result_file",
    "retain",
    "revision",
    "skip_rollback",
    "snapshot",
    "then",
    "time",
    "unprotect",
    "verb",
    "version",
)

# From which length on a name may differ by how many letters. Shorter names have too many neighbours that are words.
_MOST_DIFFERENT = ((16, 2), (8, 1))


def misspelt(names: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """By the *names* that are most likely misspelt: the nearest of *known*, of `SHARED` or of `TOLD`."""
    counted = {name: Counter(name) for name in {*known, *SHARED, *TOLD}}
    found: dict[str, str] = {}
    for name in sorted(set(names) - set(counted)):
        if name.startswith(("ansible_", "_")) or _is_derived(name, counted):
            continue
        written = name.casefold().replace("-", "_")
        letters = Counter(written)
        near = {
            wanted: distance(written, wanted)
            for wanted, wanted_letters in counted.items()
            if abs(len(written) - len(wanted)) <= 2 and (letters - wanted_letters).total() <= 2
        }
        fitting = [(apart, wanted) for wanted, apart in near.items() if _is_meant(written, wanted, apart)]
        if fitting:
            found[name] = min(fitting)[1]
    return found


def _is_derived(name: str, known: Iterable[str]) -> bool:
    """Whether *name* is a known one with a word more: somebody's own variable, for one of ours."""
    return any(name.startswith(f"{wanted}_") or name.endswith(f"_{wanted}") for wanted in known)


def _is_meant(name: str, wanted: str, apart: int) -> bool:
    if wanted in TOLD and apart == 1:
        # Everyday words. Letters that changed places or are missing make no other word; others do: versions, retail.
        return sorted(name) == sorted(wanted) or len(name) < len(wanted) or _has_doubled(name, wanted)
    return apart <= next((most for length, most in _MOST_DIFFERENT if len(wanted) >= length), 0)


def _has_doubled(name: str, wanted: str) -> bool:
    return any(wanted[: place + 1] + wanted[place:] == name for place in range(len(wanted)))


def distance(left: str, right: str) -> int:
    """How many letters have to be put in, left out, changed, or exchanged with their neighbour."""
    rows = [list(range(len(right) + 1))]
    for row, letter in enumerate(left, 1):
        line = [row]
        for column, other in enumerate(right, 1):
            line.append(min(rows[-1][column] + 1, line[-1] + 1, rows[-1][column - 1] + (letter != other)))
            if row > 1 and column > 1 and letter == right[column - 2] and left[row - 2] == other:
                line[-1] = min(line[-1], rows[-2][column - 2] + 1)
        rows.append(line)
    return rows[-1][-1]
