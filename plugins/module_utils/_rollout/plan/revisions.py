# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which revisions of the service's own are kept once a release is accepted. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._release.rollback import rollback_target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..._release.record import Release


#: How many of a family's revisions are looked at, and how many are deregistered after a release; others are left for
#: the next release.
MOST_LOOKED_AT, MOST_SPARE = 200, 20


def own_revisions(
    newest_first: Sequence[str], room: int, needed: frozenset[str], owns: Callable[[str], bool]
) -> tuple[str, ...]:
    """Those of the ARNs *newest_first* that are the service's own, as far as it has to be known which are spare.

    *room* is for how many there is room, *needed* what stays anyway, *owns* asks AWS about a revision. Nothing is asked
    where nothing can be spare.
    """
    own: list[str] = []
    if all(arn in needed for arn in newest_first[room:]):
        return ()
    for arn in newest_first:
        if len([known for known in own[room:] if known not in needed]) >= MOST_SPARE:
            break
        if owns(arn):
            own.append(arn)
    return tuple(reversed(own))


def spare_revisions(own: Iterable[str], keep: int, needed: frozenset[str], *, registers: bool) -> tuple[str, ...]:
    """Those of the ARNs *own* beyond the newest *keep* and what is *needed*, the oldest first; none for a *keep* of 0.

    *registers* says that one more is going to be registered, which is the newest then.
    """
    if not keep:
        return ()
    newest_first = sorted(own, key=_number, reverse=True)
    beyond = newest_first[keep - 1 if registers else keep :]
    return tuple(arn for arn in reversed(beyond) if arn not in needed)


def good_revisions(history: tuple[Release, ...], running_arn: str) -> frozenset[str]:
    """What a release may have to go back to: what runs, and the release that a rollback would choose from there."""
    before = rollback_target(history, running_arn, "").release if running_arn else None
    succeeded = sorted((past for past in history if past.succeeded), key=lambda past: past.release_id, reverse=True)
    last = list(dict.fromkeys(past.task_definition_arn for past in succeeded))[:2]
    return frozenset(filter(None, (running_arn, before.task_definition_arn if before else "", *last)))


def _number(arn: str) -> int:
    return int(arn.rpartition(":")[2])
