# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an API answers, made into what the same API takes, by the models of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def writable(value: Any, taken: Any, given: Any) -> Any:
    """*value* without the members that the shape *given* (of an answer) has and the shape *taken* (of a request) lacks.

    Members that neither knows are kept, so that a misspelt name is found and not dropped. Shapes are botocore's.
    """
    kinds = (taken.type_name, given.type_name)
    if kinds == ("structure", "structure") and isinstance(value, Mapping):
        return {
            name: writable(member, taken.members[name], given.members[name])
            if name in taken.members and name in given.members
            else member
            for name, member in value.items()
            if name in taken.members or name not in given.members
        }
    if kinds == ("list", "list") and isinstance(value, (list, tuple)):
        return [writable(member, taken.member, given.member) for member in value]
    if kinds == ("map", "map") and isinstance(value, Mapping):
        return {name: writable(member, taken.value, given.value) for name, member in value.items()}
    return value
