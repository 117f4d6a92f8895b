# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that only some kinds of gates or of strategies have, in the argument spec of all kinds. Pure.

*kinds* are always the argument specs of each kind's own options, by the name of the kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._common.given import given_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    """Those of the validated options *given* that another kind has and *kind* does not, unless they have their default.

    They would be taken without a word, and do nothing.
    """
    others = {name: option.get("default") for options in kinds.values() for name, option in options.items()}
    return sorted(name for name, default in others.items() if name not in kinds[kind] and given.get(name) != default)


def given_strays(
    option: str, told_by: str, kinds: Kinds, spec: Mapping[str, Any], given: Mapping[str, Any]
) -> Iterator[str]:
    """What is wrong with the *option* as it was *given*, whatever its value: it holds options that its kind has not.

    *option* is a mapping or a list of these; *told_by* is the option in it that names the kind, *spec* the argument
    spec that both are in. Validated options do not tell what was given from defaults.
    """
    entries: dict[str, dict[str, Any]] = {}
    for each in given_options({option: spec[option]}, given):
        if each.path.startswith(f"{option}."):
            entries.setdefault(each.place.rpartition(".")[0], {})[each.name] = each.value
    everywhere = {name for options in kinds.values() for name in options}
    for place, members in entries.items():
        kind = members.get(told_by, spec[option]["options"][told_by].get("default"))
        # A kind that is none is refused for that.
        if not isinstance(kind, str) or kind not in kinds:
            continue
        if strays := sorted(set(members) & (everywhere - set(kinds[kind]))):
            own = (
                f"of its own {kind} takes {', '.join(kinds[kind])}" if kinds[kind] else f"{kind} takes none of its own"
            )
            yield f"{place} is of {told_by} {kind} and is given {', '.join(strays)}, which it does not have; {own}"
