# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the functions of a template have the form that CloudFormation takes, and name what is there. Pure.

AWS: CloudFormation Template Reference, "Intrinsic functions". CloudFormation refuses each of these problems as soon as
it reads the template, so that nothing can be planned from it. A problem is a text that begins with the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .function_values import MOST_RANGES, whole

if TYPE_CHECKING:
    from .types import Template

Problems = Iterator[str]
_PSEUDO = frozenset(
    f"AWS::{name}"
    for name in (
        "AccountId",
        "NoValue",
        "NotificationARNs",
        "Partition",
        "Region",
        "StackId",
        "StackName",
        "URLSuffix",
    )
)
_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_LOGICAL = frozenset({"Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"})


@dataclass(frozen=True)
class Names:
    """What functions can name at the place where they stand."""

    parameters: frozenset[str]
    resources: frozenset[str]
    conditions: frozenset[str]
    mappings: Mapping[str, Any]


def names_of(template: Template) -> Names:
    """All that the template declares."""
    declared = {name: template.get(name, {}) for name in ("Parameters", "Resources", "Conditions", "Mappings")}
    return Names(
        frozenset(declared["Parameters"]),
        frozenset(declared["Resources"]),
        frozenset(declared["Conditions"]),
        declared["Mappings"],
    )


def function_problems(value: Any, place: str, names: Names) -> Problems:
    """What is wrong with the functions in *value*, which stands at *place*."""
    if isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from function_problems(item, f"{place}[{number}]", names)
    elif isinstance(value, Mapping):
        name = _function(value)
        found = [f"{place}.{name} {problem}" for problem in _CHECKS[name](value[name], names)] if name else []
        yield from found
        # A wrong form is told once: below it, nothing stands where it belongs.
        for key, item in {} if found else value.items():
            yield from function_problems(item, f"{place}.{key}", names)


def _function(value: Any) -> str:
    """The function that a value is; an empty text when it is none that is known here."""
    name = str(next(iter(value))) if isinstance(value, Mapping) and len(value) == 1 else ""
    return name if name in _CHECKS else ""


def _is_call(value: Any) -> bool:
    name = str(next(iter(value))) if isinstance(value, Mapping) and len(value) == 1 else ""
    return name == "Ref" or name.startswith("Fn::")


def _is_text(value: Any) -> bool:
    return _is_call(value) or not isinstance(value, Mapping | list | tuple)


def _is_list(value: Any) -> bool:
    return _is_call(value) or isinstance(value, list | tuple)


def _is_number(value: Any) -> bool:
    return _is_call(value) or whole(value) is not None


def _ref(argument: Any, names: Names) -> Problems:
    if not isinstance(argument, str):
        yield f"wants the name of a parameter or a resource, and gets {_shown(argument)}"
    elif argument not in names.parameters | names.resources | _PSEUDO:
        yield f"names {argument}, which the template does not have here"


def _get_att(argument: Any, names: Names) -> Problems:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list | tuple) or len(parts) != 2 or not parts[0] or not isinstance(parts[0], str):
        yield f"wants a resource and its attribute, and gets {_shown(argument)}"
    elif not _is_text(parts[1]) or not parts[1]:
        yield f"wants the name of an attribute, and gets {_shown(parts[1])}"
    elif parts[0] not in names.resources:
        yield f"names {parts[0]}, which is no resource of the template that can be read here"


def _sub(argument: Any, names: Names) -> Problems:
    text, given = (argument, {}) if isinstance(argument, str) else (None, {})
    if isinstance(argument, list | tuple) and len(argument) == 2:
        text, given = argument
    if not isinstance(text, str) or not isinstance(given, Mapping):
        yield f"wants a text, or a list of a text and a mapping of its variables, and gets {_shown(argument)}"
        return
    for name in dict.fromkeys(part.strip() for part in _VARIABLE.findall(text) if not part.startswith("!")):
        owner, dot, _attribute = name.partition(".")
        known = owner in names.resources if dot else name in names.parameters | names.resources | _PSEUDO
        if name not in given and not known:
            yield f"names ${{{name}}}, which the template does not have here"


def _of(*wanted: tuple[str, Callable[[Any], bool]], optional: int = 0) -> Callable[[Any, Names], Problems]:
    """A check of a list of arguments, each with what it is in words, of which the last ones may be left out."""
    words = ", ".join(label for label, _fits in wanted)

    def check(argument: Any, _names: Names) -> Problems:
        sizes = range(len(wanted) - optional, len(wanted) + 1)
        if not isinstance(argument, list | tuple) or len(argument) not in sizes:
            yield f"wants a list ({words}), and gets {_shown(argument)}"
            return
        for (label, fits), item in zip(wanted, argument, strict=False):
            if not fits(item):
                yield f"wants {label}, and gets {_shown(item)}"

    return check


def _select(argument: Any, names: Names) -> Problems:
    found = list(_of(("an index from 0 on", _is_number), ("a list or what gives a list", _is_list))(argument, names))
    yield from found
    if not found and isinstance(argument[1], list | tuple):
        index, items = whole(argument[0]), argument[1]
        if index is not None and index >= len(items) and not any(map(_is_call, items)):
            yield f"wants item {index} of a list of {len(items)}, which count from 0"


def _if(argument: Any, names: Names) -> Problems:
    found = list(
        _of(
            ("the name of a condition", lambda name: isinstance(name, str)),
            ("the value if it holds", lambda _value: True),
            ("the value if not", lambda _value: True),
        )(argument, names)
    )
    yield from found
    if not found and argument[0] not in names.conditions:
        yield f"names the condition {argument[0]}, which the template does not have"


def _find_in_map(argument: Any, names: Names) -> Problems:
    found = list(_of(("a mapping", _is_text), ("its key", _is_text), ("the key below it", _is_text))(argument, names))
    yield from found
    inner: Any = names.mappings
    for key in [] if found else argument:
        if _is_call(key) or not isinstance(inner, Mapping):
            return
        if str(key) not in {str(known) for known in inner}:
            yield f"looks up {key} where the Mappings have {', '.join(map(str, inner)) or 'nothing'}"
            return
        inner = {str(known): value for known, value in inner.items()}[str(key)]


def _cidr(argument: Any, names: Names) -> Problems:
    wanted = (("an address block", _is_text), ("how many ranges", _is_number), ("their host bits", _is_number))
    found = list(_of(*wanted, optional=1)(argument, names))
    yield from found
    if not found and not _is_call(argument[1]) and not 1 <= int(argument[1]) <= MOST_RANGES:
        yield f"makes 1 to {MOST_RANGES} ranges, and {argument[1]} are wanted"


def _one_text(argument: Any, _names: Names) -> Problems:
    if not _is_text(argument):
        yield f"wants a text, and gets {_shown(argument)}"


def _logical(_argument: Any, _names: Names) -> Problems:
    yield "decides a condition, which only Conditions can hold; name that condition in Fn::If"


_CHECKS: Mapping[str, Callable[[Any, Names], Problems]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _of(
        ("a text between the items", lambda value: isinstance(value, str | int)),
        ("a list or what gives a list", _is_list),
    ),
    "Fn::Select": _select,
    "Fn::Split": _of(
        ("a text that separates", lambda value: isinstance(value, str | int) and str(value) != ""),
        ("a text", _is_text),
    ),
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::Cidr": _cidr,
    "Fn::Base64": _one_text,
    "Fn::GetAZs": _one_text,
    "Fn::ImportValue": _one_text,
    **dict.fromkeys(_LOGICAL, _logical),
}


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    return f"a list of {len(value)}" if isinstance(value, list | tuple) else f"{value!r}"[:80]
