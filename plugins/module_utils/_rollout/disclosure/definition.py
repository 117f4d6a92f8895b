# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task definition for a person: its members by name, and of its values only those that cannot hold a secret. Pure.

Which names look secret cannot be listed, so it is listed what is shown: names, sizes, ports, kinds and references.
Everything else, whatever its name, is a fingerprint unless values are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..definition.comparison import aligned, normalise

if TYPE_CHECKING:
    from ..definition.comparison import Document
    from .fingerprint import Disclosure

    Path = tuple[str, ...]

# Lists that are shown as maps: the field of a member that names it, and its value (empty: all of its other fields).
_BY_NAME: Mapping[str, str] = {
    "containerDefinitions": "",
    "environment": "value",
    "secrets": "valueFrom",
    "secretOptions": "valueFrom",
    "properties": "value",
}
# Maps whose keys are the user's: what a key is called says nothing of its value.
_FREE = frozenset({"environment", "options", "dockerLabels", "driverOpts", "labels", "properties"})
_REFERENCES = frozenset({"secrets", "secretOptions"})

_NAME = re.compile(r"[\w.-]{1,255}")
_KIND = re.compile(r"[A-Z][A-Z0-9_]*|[a-z]+")
_PATH = re.compile(r"/[a-z./_-]*")
_NUMBER = re.compile(r"\d{1,10}")
_ROLE = re.compile(r"arn:[\w:/+=,.@-]+|[\w+=,.@-]{1,64}")
_REFERENCE = re.compile(r"arn:aws[\w-]*:(secretsmanager|ssm):[\w:/+=,.@-]+|/[\w./-]+")

# What is shown, by field, when it looks as values of that field do.
_SHOWN: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(("family", "name", "sourceVolume", "sourceContainer", "containerName"), _NAME),
    **dict.fromkeys(("networkMode", "requiresCompatibilities", "pidMode", "ipcMode", "condition", "protocol"), _KIND),
    **dict.fromkeys(("logDriver", "type", "scope", "driver", "iam", "transitEncryption", "add", "drop"), _KIND),
    **dict.fromkeys(("operatingSystemFamily", "cpuArchitecture", "versionConsistency", "permissions"), _KIND),
    **dict.fromkeys(("containerPath", "sourcePath", "hostPath", "rootDirectory", "workingDirectory"), _PATH),
    **dict.fromkeys(("cpu", "memory"), _NUMBER),
    **dict.fromkeys(("taskRoleArn", "executionRoleArn"), _ROLE),
    "user": re.compile(r"\d{1,6}(:\d{1,6})?|root"),
    "namespace": re.compile(r"[a-z]+(\.[a-z0-9_]+)+"),
    "fileSystemId": re.compile(r"fs-[0-9a-f]{8,40}"),
    "accessPointId": re.compile(r"fsap-[0-9a-f]{8,40}"),
    "appProtocol": re.compile(r"http2?|grpc"),
    "containerPortRange": re.compile(r"\d+-\d+"),
    "image": re.compile(r"[\w./:@-]+"),
    "credentialsParameter": _REFERENCE,
}


def view(document: Document, disclosure: Disclosure) -> dict[str, Any]:
    """*document* for a person: normalised, members by name."""
    return _view(normalise(document), disclosure)


def views(before: Document | None, after: Document, disclosure: Disclosure) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides for a diff; an empty side when there is nothing before."""
    if before is None:
        return {}, view(after, disclosure)
    left, right = aligned(before, after)
    return _view(left, disclosure), _view(right, disclosure)


def changes(before: Document | None, after: Document) -> tuple[str, ...]:
    """Which fields differ, as dotted paths, sorted; ``('new',)`` when there is nothing before."""
    if before is None:
        return ("new",)
    left, right = aligned(before, after)
    return tuple(sorted(_paths(_keyed("", left), _keyed("", right), "")))


def hidden_texts(document: Document) -> list[tuple[str, str]]:
    """The texts of *document* that are not shown, each with its place. The document may be of any shape."""
    found: list[tuple[str, str]] = []

    def note(path: Path, text: str) -> str:
        found.append((".".join(path[-2:]), text))
        return text

    _disclosed((), _keyed("", document), note)
    return found


def public_text(document: Document) -> str:
    """What is shown of *document*, whatever its shape, in one text."""
    return repr(_disclosed((), _keyed("", document), lambda _path, _text: ""))


def is_reference(value: str) -> bool:
    """Whether *value* reads as the ARN of a secret or parameter, or as a parameter's path."""
    return bool(_REFERENCE.fullmatch(value))


def _view(form: Mapping[str, Any], disclosure: Disclosure) -> dict[str, Any]:
    shown: dict[str, Any] = _disclosed((), _keyed("", form), lambda _path, text: disclosure.of(text))
    return shown


def _keyed(field: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _keyed(str(key), member) for key, member in value.items()}
    if not isinstance(value, list | tuple):
        return value
    if field in _BY_NAME and all(isinstance(member, Mapping) for member in value):
        return _by_name(_BY_NAME[field], value)
    return [_keyed(field, member) for member in value]


def _by_name(content: str, members: list[Any] | tuple[Any, ...]) -> dict[str, Any]:
    """*members* by their names. One whose name is taken gets a number, so that none hides another."""
    named: dict[str, Any] = {}
    for member in members:
        name = wanted = str(member.get("name", ""))
        number = 2
        while name in named:
            name, number = f"{wanted} ({number})", number + 1
        others = {key: field for key, field in member.items() if key != "name"}
        alone = content and set(others) <= {content}
        named[name] = others.get(content, "") if alone else _keyed("", others)
    return named


def _disclosed(path: Path, value: Any, hide: Callable[[Path, str], str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _disclosed((*path, str(key)), member, hide) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_disclosed(path, member, hide) for member in value]
    if not isinstance(value, str) or _is_public(path, value):
        return value
    return hide(path, value)


def _is_public(path: Path, value: str) -> bool:
    """Whether *value* is shown: by the field that it stands in, and only if it looks as values of that field do."""
    field, holder = path[-1] if path else "", path[-2] if path[1:] else ""
    if holder in _REFERENCES:
        return is_reference(value)
    if holder in _FREE:
        return holder == "options" and field.startswith("awslogs-")
    return field in _SHOWN and bool(_SHOWN[field].fullmatch(value))


def _paths(left: Any, right: Any, path: str) -> list[str]:
    if left == right:
        return []
    if not (isinstance(left, Mapping) and isinstance(right, Mapping)):
        return [path]
    found: list[str] = []
    for key in {*left, *right}:
        found += _paths(left.get(key), right.get(key), f"{path}.{key}" if path else str(key))
    return found
