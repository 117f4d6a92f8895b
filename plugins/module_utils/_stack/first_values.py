# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters that a stack which stands without them has to be given another value first, for what runs on it. Pure.

A template says so in its metadata, ``Fastbreak.FirstValues``: the parameter, the value, and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping


def refuse_too_early(
    name: str,
    desired: Mapping[str, Any],
    stored: Mapping[str, Any],
    given: Mapping[str, Any],
    sources: Mapping[str, str],
) -> None:
    """Raise `RefusedError` when a value takes away what the release that runs needs.

    *stored* is the template that the stack has, *sources* are the variables that parameters come from.
    """
    firsts = desired.get("Metadata", {}).get("Fastbreak", {}).get("FirstValues", {})
    found = [
        _words(sources.get(key, key), given.get(key), first)
        for key, first in firsts.items()
        if key not in stored.get("Parameters", {}) and given.get(key) != first["Value"]
    ]
    if found:
        raise RefusedError(f"Stack {name} was not touched: {' '.join(found)}", impossible=found)


def _words(variable: str, value: Any, first: Mapping[str, str]) -> str:
    return (
        f"{variable} is {value}, and the stack was made before there was such a choice. {first['Why']} Set {variable} "
        f"to {first['Value']} and provision; then deploy, and only after that set it to {value}."
    )
