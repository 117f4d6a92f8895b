# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release found before it changed anything, whole, so that an undo can restore it. Pure.

It is kept in the release's record too, for a run that goes on with what another one left.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from itertools import takewhile
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from ..._release.record import newest_first
from ..scaling.model import Scaling  # noqa: TC001 - `get_type_hints` looks it up
from ..service.rules import StandingRule  # noqa: TC001 - `get_type_hints` looks it up
from ..values import ServiceSettings  # noqa: TC001 - and this

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..._release.record import KeptSnapshot, Release
    from ..service.ownership import Owner


_PLAIN_FIELDS = frozenset({"path-pattern", "host-header", "http-request-method", "source-ip"})


@dataclass(frozen=True, slots=True)
class SeenAnswer:
    """What a request of a gate's was answered: status, 0 for nothing, and the release that the answer named.

    ``gate`` is the gate's name, with a number for a request as the rules before took it.
    """

    gate: str
    status: int
    version: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What there was. ``settings`` None: no service. ``scaling`` None: no scalable target, or not ours to change.

    ``rules`` are those that this service owns, and those that stood where it wants its own. ``since`` is when the run
    began that took it, as the record writes times; empty where that is not known.
    """

    settings: ServiceSettings | None
    task_definition_arn: str
    desired_count: int
    rules: tuple[StandingRule, ...]
    scaling: Scaling | None
    answers: tuple[SeenAnswer, ...]
    since: str = ""


def for_record(snapshot: Snapshot, owner: Owner) -> Snapshot:
    """*snapshot* without values of rules that are not *owner*'s: the conditions of those that hold more than paths.

    Such a rule is then named by an undo of another run, which cannot put it back.
    """
    kept = (
        rule if owner.owns(rule.tags) or _is_plain(rule) else replace(rule, conditions=()) for rule in snapshot.rules
    )
    return replace(snapshot, rules=tuple(kept))


def _is_plain(rule: StandingRule) -> bool:
    return {condition.get("Field") for condition in rule.conditions} <= _PLAIN_FIELDS


def encode(snapshot: Snapshot) -> str:
    """*snapshot* as JSON."""
    return json.dumps(asdict(snapshot), default=_plain, separators=(",", ":"))


def oldest_kept(history: Iterable[Release], kept: KeptSnapshot | None) -> str:
    """What the oldest run found that nobody ended, of those since the last release that was accepted; encoded."""
    history = tuple(history)
    if kept and not any(release.succeeded and release.release_id > kept.after for release in history):
        return kept.text
    unjudged = takewhile(lambda release: not release.succeeded, newest_first(history))
    snapshots = [release.snapshot for release in unjudged if release.in_progress and release.snapshot]
    return snapshots[-1] if snapshots else ""


def _plain(value: Any) -> Any:
    return sorted(value, key=repr) if isinstance(value, frozenset) else asdict(value)


def decode(text: str) -> Snapshot:
    """The snapshot that `encode` made *text* of. Raises ValueError for any other text."""
    try:
        decoded: Snapshot = _decode(Snapshot, json.loads(text))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no snapshot: {error!r}") from error
    return decoded


def _decode(kind: Any, data: Any) -> Any:
    """*data* as a value of *kind*, which is a type as the fields of dataclasses name them."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        given = {field.name: field for field in fields(kind) if field.name in data}
        return kind(**{name: _decode(hints[name], data[name]) for name in given})  # type: ignore[operator]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is frozenset:
        return frozenset(_decode(arguments[0], item) for item in data)
    if origin is tuple:
        kinds = [arguments[0]] * len(data) if arguments[-1] is Ellipsis else list(arguments)
        return tuple(_decode(item_kind, item) for item_kind, item in zip(kinds, data, strict=True))
    if NoneType in arguments:
        wanted = next(argument for argument in arguments if argument is not NoneType)
        return None if data is None else _decode(wanted, data)
    return data
