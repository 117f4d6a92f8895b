# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that only some kinds of gates or of strategies have, in the argument spec of all kinds. Pure.

*kinds* are always the argument specs of each kind's own options, by the name of the kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    Kinds = Mapping[str, Mapping[str, Any]]


def merge_options(kinds: Kinds) -> dict[str, Any]:
    """The argument spec of all of them. Raises ValueError when two kinds mean different things by a name."""
    spec: dict[str, Any] = {}
    for kind, options in kinds.items():
        for name, option in options.items():
            if spec.setdefault(name, option) != option:
                raise ValueError(f"{kind} and another kind mean different things by the option {name}")
    return spec


def stray_options(kind: str, kinds: Kinds, given: Mapping[str, Any]) -> list[str]:
    """Those *given* that another kind has and *kind* does not: they would be taken without a word, and do nothing."""
    others = {name: option.get("default") for options in kinds.values() for name, option in options.items()}
    return sorted(name for name, default in others.items() if name not in kinds[kind] and given.get(name) != default)
