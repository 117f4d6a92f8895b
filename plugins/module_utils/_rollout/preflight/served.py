# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether everybody gets answers from the service that answers them now, unless that is meant to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..service.captures import captured_requests
from ..service.losses import lost_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..plan.read import Facts
    from ..service.captures import Capture
    from ..service.losses import Loss
    from ..session import Session


def serving_problems(session: Session, facts: Facts) -> Iterator[str]:
    """What users would no longer reach by the wanted listener rules, and what these would take from other services.

    But for what ``stop_serving`` and ``take_requests_from`` name.
    """
    request = session.request
    for loss in _losses(session, facts):
        # They are what the user wrote, or has to write.
        session.redaction.allow(loss.names)
        if not loss.meant(request.stop_serving):
            yield str(loss)
    for capture in _captures(session, facts):
        session.redaction.allow((*capture.names, capture.told, capture.theirs))
        if capture.meant(request.take_requests_from):
            continue
        if capture.whole:
            yield str(capture)
        else:
            session.warn_once(capture.warning)


def warn_of_unused_consents(session: Session, facts: Facts) -> None:
    """Warn of what is consented to and does not happen: it would let a later mistake pass."""
    request = session.request
    if not (request.stop_serving or request.take_requests_from):
        return
    losses, captures = _losses(session, facts), _captures(session, facts)
    unused = [
        *(
            f"stop_serving has {entry!r}, but this run takes no such request away from the service"
            for entry in request.stop_serving
            if not any(loss.named_by(entry) for loss in losses)
        ),
        *(
            f"take_requests_from has {entry!r}, but this run takes no request from there"
            for entry in request.take_requests_from
            if not any(capture.meant((entry,)) for capture in captures)
        ),
    ]
    session.redaction.allow((*request.stop_serving, *request.take_requests_from))
    for text in unused:
        session.warn_once(f"{text}. Take it out, or correct it: left there, it lets a later mistake pass")


def _losses(session: Session, facts: Facts) -> tuple[Loss, ...]:
    """Without a service nobody is answered, so that nothing is lost."""
    request = session.request
    if facts.found.service is None or not facts.plan.routes:
        return ()
    return lost_requests(facts.found.rules, request.rules, request.owned_by)


def _captures(session: Session, facts: Facts) -> tuple[Capture, ...]:
    request, service = session.request, facts.found.service
    if not facts.plan.routes:
        return ()
    bindings = request.settings.target_bindings | (service.settings.target_bindings if service else frozenset())
    groups = frozenset(binding.target_group_arn for binding in bindings)
    return captured_requests(facts.found.rules, request.rules, request.owned_by, groups)
