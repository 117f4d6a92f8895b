# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that are not known before they are made, and what can be said of them all the same."""

from __future__ import annotations

_LATER = "known after"


class Unresolved(str):
    """Text that stands for a value not known yet."""

    __slots__ = ()


class NewId(Unresolved):
    """Text with the id of what is yet to be made: it differs from every text that is known now."""

    __slots__ = ()


def known_after(component: str) -> Unresolved:
    """The value of an output that exists only once the component is applied."""
    return Unresolved(f"({_LATER} {component} is applied)")


def new_id(logical_id: str, component: str) -> NewId:
    """The id that AWS will give a resource. It holds no comma, so that a list of ids can be taken apart."""
    return NewId(f"(id of {logical_id} {_LATER} {component} is applied)")


def joined(separator: str, items: list[str]) -> str:
    """The text that the items make; not known where one of them is not."""
    text = separator.join(items)
    waiting = [item for item in items if isinstance(item, Unresolved)]
    if not waiting:
        return text
    return NewId(text) if all(isinstance(item, NewId) for item in waiting) else Unresolved(text)


def divided(separator: str, text: NewId) -> list[str]:
    """The items of a list with ids of what is yet to be made."""
    return [NewId(item) if f" {_LATER} " in item else item for item in text.split(separator)]


def same(left: object, right: object) -> bool | None:
    """Whether two values are equal; None when that is not known yet."""
    waiting = [value for value in (left, right) if isinstance(value, Unresolved)]
    if not waiting or all(isinstance(value, NewId) for value in waiting):
        return left == right
    return None
