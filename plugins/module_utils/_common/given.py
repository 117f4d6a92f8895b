# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's options as they were given: before Ansible turns numbers into texts and null into a default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite
from sys import float_info
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.validation import check_type_dict, check_type_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHOWN = 80
_TEXTS = frozenset({"str", "path"})
_NOT_KNOWN = (
    "must be text, and what was written is not known (YAML takes 1.10 for 1.1 and on for true); write it in quotes"
)


@dataclass(frozen=True, slots=True)
class GivenOption:
    """An option, or an entry of a list that is its value. ``place`` is what to call it (``images[0].tag``).

    ``path`` is the same without numbers (``images.tag``), ``kind`` the type that it should have. The entries of a
    list come after it. ``inner`` are the names of the options that a mapping there may hold, where these are known.
    """

    place: str
    path: str
    value: Any
    kind: str = "str"
    inner: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The option's own name."""
        return self.path.rpartition(".")[2]


def given_options(spec: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[GivenOption]:
    """Every option of the argument *spec* that *options* hold, with those below it, whatever their shape is."""
    yield from _below(spec, options, "", "")


def _below(spec: Mapping[str, Any], options: Mapping[str, Any], place: str, path: str) -> Iterator[GivenOption]:
    for name, option in spec.items():
        if name not in options:
            continue
        inner = option.get("options") or {}
        kind = option.get("type", "str")
        whole = GivenOption(f"{place}{name}", f"{path}{name}", options[name], kind, tuple(inner))
        entries = _entries(whole, option.get("elements", "str"))
        yield from (whole, *entries)
        if inner:
            for entry in entries if whole.kind == "list" else (whole,):
                yield from _below(inner, _mapping(entry.value) or {}, f"{entry.place}.", f"{entry.path}.")


def _entries(whole: GivenOption, kind: str) -> list[GivenOption]:
    """The entries of a list, which a text or a number may stand for; the number stays what it is."""
    if whole.kind != "list":
        return []
    if isinstance(whole.value, int | float) and kind != "dict":
        values = [whole.value]
    else:
        values = check_type_list(whole.value) if isinstance(whole.value, str | list) else []
    return [
        GivenOption(f"{whole.place}[{number}]", whole.path, value, kind, whole.inner)
        for number, value in enumerate(values)
    ]


def _mapping(value: Any) -> Mapping[str, Any] | None:
    """*value* as a mapping, which a text may stand for; None when it is none."""
    try:
        made = check_type_dict(value) if isinstance(value, str | Mapping) else None
    except (TypeError, ValueError):
        return None
    return made if isinstance(made, Mapping) else None


def shape_problems(every: Iterable[GivenOption]) -> Iterator[str]:
    """What is wrong with options that Ansible's own validation ends in a bare exception of, or takes for another.

    These are options that hold others and were given as something that can hold none, or by names that are no text,
    texts that cannot be written as Unicode, counts that never end, numbers that no float can hold, and numbers that
    were given as true or false, which Ansible takes for 1 and 0.
    """
    for given in every:
        nameless = [key for key in (_mapping(given.value) or {} if given.inner else ()) if not isinstance(key, str)]
        yield from (
            f"{given.place} holds an option whose name is {_kind(key)}; it takes {', '.join(given.inner)}"
            for key in nameless
        )
        if isinstance(given.value, str) and not _is_unicode(given.value):
            yield f"{given.place} holds half of a character (a lone surrogate), which cannot be sent; write it anew"
        if given.kind in ("int", "float") and isinstance(given.value, bool):
            yield f"{given.place} is {_kind(given.value)}, where a number is wanted"
        if given.kind == "int" and _is_endless(given.value):
            yield f"{given.place} is read as the number {given.value}, where a whole number is wanted"
        if given.kind in ("int", "float") and isinstance(given.value, int) and abs(given.value) > float_info.max:
            yield f"{given.place} is a whole number of more than 300 digits, where a number is wanted"
        if not given.inner or _holds_options(given):
            continue
        many = given.kind == "list"
        yield (
            f"{given.place} is {_kind(given.value)}, where {'a list of mappings' if many else 'a mapping'} is wanted; "
            f"write {'entries with ' if many else ''}the options {', '.join(given.inner)} below it, or leave it out"
        )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_endless(value: Any) -> bool:
    """Whether *value* reads as a number that is none or never ends."""
    if not isinstance(value, str | float):
        return False
    try:
        return not isfinite(float(value))
    except (ValueError, OverflowError):
        return False


def _holds_options(given: GivenOption) -> bool:
    if given.kind == "list":
        return given.value is None or isinstance(given.value, str | list)
    if given.value is None:
        # An option may be null; an entry of a list holds nothing then.
        return not given.place.endswith("]")
    return _mapping(given.value) is not None


def empty_problems(
    every: Iterable[GivenOption], paths: tuple[str, ...], empty_texts: tuple[str, ...] = ()
) -> Iterator[str]:
    """What is wrong with options at *paths*, or below them, that were given and are empty.

    Null and empty texts are, and lists and mappings where a text should be, which Ansible would write down as text. An
    empty text is fine at one of *empty_texts*.
    """
    for given in every:
        strange = given.kind == "str" and isinstance(given.value, list | Mapping)
        problem = (text_problem if strange else empty_problem)(given.place, given.value)
        meant = given.value is not None and given.path in empty_texts
        if problem and not meant and any(given.path == path or given.path.startswith(f"{path}.") for path in paths):
            yield problem


def empty_problem(place: str, value: Any) -> str:
    """Why *value* is no choice, or an empty text."""
    if not (value is None or (isinstance(value, str) and not value.strip())):
        return ""
    what = "null" if value is None else "an empty text"
    return (
        f"{place} is given without a value ({what}), which switches nothing off; give it one, or leave it out for its "
        "default (in a template: `default(omit, true)`)"
    )


def text_problems(every: Iterable[GivenOption], names: Iterable[str]) -> Iterator[str]:
    """What is wrong with options of these *names* whose value is no text."""
    wanted = frozenset(names)
    for given in every:
        if given.name in wanted and given.kind != "list":
            yield from filter(None, [text_problem(given.place, given.value)])


def number_problems(
    every: Iterable[GivenOption], *, texts: Iterable[str] = (), numerals: Iterable[str] = ()
) -> Iterator[str]:
    """What is wrong with options of text that hold a number, true or false, which Ansible would write down as text.

    Options of the names *texts* are `text_problems`' own. Those of *numerals* take whole numbers. As an option may be a
    secret, its value is not shown.
    """
    for given in every:
        number = given.kind in _TEXTS and isinstance(given.value, int | float) and given.name not in texts
        if number and (given.name not in numerals or value_problem(given.value)):
            yield f"{given.place} {_NOT_KNOWN}"


def text_problem(place: str, value: Any) -> str:
    """Why *value* cannot be a version, a tag or a digest, or an empty text; null is a matter of its own."""
    if value is None or isinstance(value, str):
        return ""
    return (
        f"{place} is {_kind(value)}, and not text, so that it is not known what was written; put it in quotes "
        f'({place}: "1.10"), on the command line -e version=1.10 or -e \'{{"version": "1.10"}}\''
    )


def value_problem(value: Any) -> str:
    """Why *value* is no text of a mapping that takes whole numbers too; an end of a sentence that holds no value."""
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return ""
    return _NOT_KNOWN


_KINDS: tuple[tuple[type, str], ...] = (
    (type(None), "empty (null)"),
    (str, "a text"),
    (bool, "read as {} (YAML takes on, off, yes and no for true and false)"),
    (int, "read as the number {} (YAML takes 010 for 8, and 1:30 for 90)"),
    (float, "read as the number {} (YAML takes 1.10 for 1.1, and 1e2 for 100)"),
    (date, "read as the date {}"),
    (Mapping, "a mapping"),
    (list, "a list"),
    (tuple, "a list"),
)


def _kind(value: Any) -> str:
    if isinstance(value, str) and not value.strip():
        return "empty (an empty text)"
    words = next((words for kind, words in _KINDS if isinstance(value, kind)), f"of type {type(value).__name__}")
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return words.format(shown[:_SHOWN])
