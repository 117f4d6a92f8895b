# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A promotion file: YAML with the images that are promoted together, kept in Git."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import HAS_YAML, SafeLoader, yaml_load

from ..._common.amount import amount
from ..._common.given import empty_problem, text_problem
from ..._errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT_BYTES = 1 << 20
LIMIT_IMAGES = 1000
_LIMIT_DEPTH = 5
_KEYS = frozenset({"images"})


def read_promotion_file(path: str, entry_spec: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The images of the file, each validated by *entry_spec*, and with what to call it in a message.

    Raises RequestError that names the file, and the entries that are wrong.
    """
    images = _load(path)
    problems = [problem for number, entry in enumerate(images) for problem in _problems(number, entry, entry_spec)]
    found: list[tuple[str, dict[str, Any]]] = []
    if not problems:
        validator = ArgumentSpecValidator(dict(entry_spec))
        for number, entry in enumerate(images):
            checked = validator.validate(entry)
            problems += [f"images[{number}]: {message}" for message in checked.error_messages]
            found.append((f"{path}, images[{number}]: ", checked.validated_parameters))
    if problems:
        raise _refusal(path, " ".join(f"({number}) {problem}." for number, problem in enumerate(problems, 1)))
    return found


def _load(path: str) -> list[Any]:
    if not HAS_YAML:
        raise _refusal(path, "this Python has no PyYAML; install it, or name the images by the option 'images'.")
    try:
        with Path(path).open("rb") as file:
            content = file.read(LIMIT_BYTES + 1)
    except OSError as reason:
        raise _refusal(path, f"{reason.strerror or reason}.") from reason
    if len(content) > LIMIT_BYTES:
        raise _refusal(path, f"it is larger than {LIMIT_BYTES} bytes.")
    try:
        problem = _nesting_problem(content) or _key_problem(content)
        document = None if problem else yaml_load(content)
    # Bad UTF-8, impossible dates and deep nesting stop the parser with other errors than its own.
    except Exception as reason:
        raise _refusal(path, f"it is no YAML: {' '.join(str(reason).split())[:300]}.") from reason
    if problem:
        raise _refusal(path, problem)
    if not isinstance(document, dict) or set(document) != _KEYS or not isinstance(document["images"], list):
        keys = ", ".join(repr(key)[:80] for key in document) if isinstance(document, dict) else "none"
        raise _refusal(path, f"it has to be a mapping with the one key 'images', a list; its keys are {keys}.")
    if not 1 <= len(document["images"]) <= LIMIT_IMAGES:
        raise _refusal(
            path, f"it names {amount(len(document['images']), 'image')}; 1 to {LIMIT_IMAGES} can be promoted at once."
        )
    return document["images"]


def _nesting_problem(content: bytes) -> str:
    """Why the document's shape cannot be read safely, or an empty string.

    Looked at event by event: libyaml's loader ends the whole process on nesting that is deep enough, and aliases can
    make a small file huge.
    """
    loader, depth = SafeLoader(content), 0
    try:
        while loader.check_event():
            kind = type(loader.get_event()).__name__
            depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
            if kind == "AliasEvent":
                return "it uses an alias (*), which promotion files do without."
            if depth > _LIMIT_DEPTH + 2:
                return "it is nested deeper than a list of images is."
    finally:
        loader.dispose()
    return ""


def _key_problem(content: bytes) -> str:
    """Why a mapping is not what it looks like, or an empty string: YAML keeps the last of equal keys."""
    loader = SafeLoader(content)
    try:
        waiting = [loader.get_single_node()]
    finally:
        loader.dispose()
    while waiting:
        node = waiting.pop()
        if node is not None and node.id == "mapping":
            seen: set[str] = set()
            for key, value in node.value:
                name = str(key.value)
                if name in seen or key.tag.endswith(":merge"):
                    what = f"key {name[:80]!r} twice" if name in seen else "a merge key (<<)"
                    return f"it has {what} in the mapping at line {node.start_mark.line + 1}; write each key once."
                seen.add(name)
                waiting.append(value)
        elif node is not None and node.id == "sequence":
            waiting += node.value
    return ""


def _problems(number: int, entry: Any, spec: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with an entry's shape: every value has to be text, or a list of it. YAML reads 1.10 as a number."""
    if not isinstance(entry, dict):
        yield f"images[{number}] is no mapping"
        return
    for key, value in entry.items():
        if key not in spec:
            yield f"images[{number}]: {str(key)[:80]!r} is no option; there are {', '.join(spec)}"
            continue
        place = f"images[{number}].{key}"
        for text in value if isinstance(value, list) else [value]:
            yield from filter(None, [empty_problem(place, text) or text_problem(place, text)])


def _refusal(path: str, reason: str) -> RequestError:
    return RequestError(f"Tried to read the images to promote from {path}, but {reason} Nothing was changed.")
