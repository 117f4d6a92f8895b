# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the variables of an inventory have the types that the argument specs of their role ask for.

Ansible converts a copy of the variables and hands the role what was written: a text where a list is wanted stays a
text. So what would need a conversion that loses or guesses something is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TRUE = frozenset({"true", "yes", "on", "1", "y", "t", "1.0"})
FALSE = frozenset({"false", "no", "off", "0", "n", "f", "0.0"})
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,12}([.][0-9]{1,12})?")


def type_problems(variables: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with each variable in *options* that does not have its type, by its name."""
    found = {name: _problem(name, variables[name], option) for name, option in options.items() if name in variables}
    return {name: problem for name, problem in found.items() if problem}


def _problem(name: str, value: Any, option: Mapping[str, Any]) -> str:
    if value is None:
        none = {"": '; "" stands for none', "[]": "; [] stands for none"}.get(str(option.get("default", "?")), "")
        leave_out = "" if option.get("required") else f", or leave it out{none}"
        return f"{name} is empty (null), which switches nothing off; give it a value{leave_out}"
    if (kind := option.get("type")) == "list":
        return next(_in_list(name, value), "")
    words = _WANTED.get(str(kind), lambda _value: "")(value)
    return f"{name} is {_shown(value)}, {words}" if words else ""


def _in_list(name: str, value: Any) -> Iterator[str]:
    if not isinstance(value, list | tuple):
        yield f"{name} is {_shown(value)}, where a list is wanted; write it like [a, b]"
        return
    for number, item in enumerate(value):
        if not isinstance(item, str):
            yield f'{name}[{number}] is {_shown(item)}, where a text is wanted; put it in quotes, like "{item}"'
        elif not item.strip():
            yield f"{name}[{number}] is empty; take it out of the list, and write [] for none"
        elif "," in item:
            yield f"{name}[{number}] is {_shown(item)}, which holds a comma; write each item by itself"


def _whole(value: Any) -> str:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if is_whole or (isinstance(value, str) and _WHOLE.fullmatch(value)):
        return ""
    return "where a whole number is wanted"


def _number(value: Any) -> str:
    text = repr(value) if isinstance(value, float) else value
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if is_number or (isinstance(text, str) and _DECIMAL.fullmatch(text)):
        return ""
    return "where a number like 0.5 is wanted"


def _flag(value: Any) -> str:
    is_flag = isinstance(value, bool | int | str) and str(value).lower() in TRUE | FALSE
    return "" if is_flag else "where true or false is wanted"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return ""
    plain = isinstance(value, bool | int | float)
    return "where a text is wanted" + (f'; put what is meant in quotes, like "{value}"' if plain else "")


def _mapping(value: Any) -> str:
    if not isinstance(value, Mapping):
        return "where a mapping is wanted"
    deep = [str(key) for key, item in value.items() if isinstance(item, Mapping | list | tuple)]
    return f"where each value has to be a text, and {', '.join(deep)} holds a list or a mapping" if deep else ""


_WANTED = {"int": _whole, "float": _number, "bool": _flag, "str": _text, "path": _text, "dict": _mapping}


def _shown(value: Any) -> str:
    kinds: tuple[tuple[type, str], ...] = ((Mapping, "a mapping"), (list, "a list"), (tuple, "a list"))
    named = next((words for kind, words in kinds if isinstance(value, kind)), "")
    return named or f"{value!r}"[:80]
