# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release of several ECS services that run one image: in an order, accepted together, undone together.

Each service keeps what it has alone: its lock, its plan, its gates, its record, its undo. What is added is that all of
them are checked before the first is changed, that all locks are held until the end, and that no record is completed
before every service is fit: a run that is killed in between leaves open records, which the next run takes up.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from .._errors import FastbreakError, OperationError, RefusedError, RequestError, RolledBackError
from .._release.record import ROLLBACK
from .aftermath import ended_release, holds_open, is_open, open_record, refused_beside
from .plan.differences import Action
from .rest import Rest, held_open
from .results import Result, ends, of_error
from .run import bring, make_way, predict
from .session import Session
from .withdraw import WITHDRAW, to_be_closed
from .withdraw import predicted as given_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._release.record import Release
    from .order import Order
    from .part import Part
    from .plan.target import Target
    from .report import RolloutResult

    Done = list[tuple[Session, Part]]

#: What is planned for a service that is not released.
_NO_RELEASE = (Action.SETTINGS.value, Action.UNCHANGED.value)


def roll_out_together(orders: Sequence[Order], *, check_mode: bool) -> dict[str, RolloutResult]:
    """Roll *orders* out, one after another, or say what that would do; the result of each by its service.

    A rollback goes the other way round, and leaves a service as it is that never ran what is gone back to. Raises as
    `run.roll_out` does, and RefusedError with the problems of every service before anything is changed.
    """
    orders = [_named(order, orders) for order in orders]
    opened: list[Session] = []
    try:
        return _roll_out_or_predict(orders, opened, check_mode=check_mode)
    except FastbreakError as failure:
        if not (check_mode or _changes_settings(opened) or any(session.has_told for session in opened)):
            lead = _lead(orders)
            Session(lead.request, lead.ports).tell_unbegun(failure.message, opened)
        raise


def _changes_settings(opened: Sequence[Session]) -> bool:
    """Whether none of the services is released, and the settings of one or more are changed."""
    return bool(opened) and {session.request.service for session in opened} == {
        session.request.service for session in opened if session.changes_settings
    }


def _roll_out_or_predict(
    orders: Sequence[Order], opened: list[Session], *, check_mode: bool
) -> dict[str, RolloutResult]:
    """The result of each service. *opened* is filled with every session that there is of one."""
    if ended := _ended(orders):
        return (
            _predict_close(orders, *ended)
            if check_mode
            else _close(orders, ended[0], ended[1].digest, opened, ended[1])
        )
    predicted, left = _predict(orders, opened)
    if check_mode:
        return _with_notes(_with_the_fall(predicted, orders), left, orders)
    if _is_fallen(orders, predicted):
        return _close(orders, _lead(orders), _digest(orders, predicted), opened)
    begun = [_aimed(order, predicted, orders) for order in orders if order.service in predicted]
    # What has fallen ends the release: users are not led on to it first.
    begun.sort(key=lambda order: not _has_fallen(order, predicted))
    digest = _digest(orders, predicted)
    results = _release(begun[::-1] if _goes_back(orders) else begun, digest, opened)
    return _with_notes(results, left, orders)


def _named(order: Order, orders: Sequence[Order]) -> Order:
    """The order, of a request that knows of which services its release is."""
    return replace(order, request=replace(order.request, services=tuple(each.service for each in orders)))


def _lead(orders: Sequence[Order]) -> Order:
    return next(order for order in orders if order.leads)


def _goes_back(orders: Sequence[Order]) -> bool:
    return _lead(orders).request.kind == ROLLBACK


def _aimed(order: Order, results: dict[str, RolloutResult], orders: Sequence[Order]) -> Order:
    """The order for the leading service's image, as far as that is known."""
    if order.leads:
        return order
    lead, digest = _lead(orders).request, _digest(orders, results) or _lead(orders).request.version
    # What an earlier run has brought to the release is judged with it, and not begun anew.
    judges = lead.judge_only and holds_open(order.ports, order.service, digest, begun=True)
    return replace(order, request=replace(order.request, version=digest, revision="", judge_only=judges))


def _digest(orders: Sequence[Order], results: dict[str, RolloutResult]) -> str:
    """The digest of the leading service's image; empty when it is not among *results*."""
    lead = _lead(orders)
    return results[lead.service].image.rpartition("@")[2] if lead.service in results else ""


def _predict(orders: Sequence[Order], opened: list[Session]) -> tuple[dict[str, RolloutResult], list[str]]:
    """What would be done with each service, and notes about those that are left as they are.

    Raises RefusedError with what stands against any of them.
    """
    results: dict[str, RolloutResult] = {}
    refusals: list[FastbreakError] = []
    left: list[str] = []
    for order in sorted(orders, key=lambda order: not order.leads):
        if _is_fallen(orders, results):
            # It is closed, whatever stands against a release of the others.
            left += [_undone_too(order)] * is_open(order, _digest(orders, results))
            continue
        aimed = _aimed(order, results, orders)
        if _goes_back(orders) and not order.leads:
            if not aimed.request.version:
                continue
            if not _has_run(aimed):
                left.append(
                    f"{order.service} never ran {aimed.request.version}, which is gone back to, and is left as it is"
                )
                continue
        try:
            session = Session(aimed.request, aimed.ports)
            opened.append(session)
            with session.shown_errors():
                results[order.service] = predict(session)
            session.changes_settings = results[order.service].action in _NO_RELEASE
        except (RefusedError, RequestError) as refusal:
            refusals.append(refusal)
    if refusals:
        raise _joint(refusals)
    return results, left


def _is_fallen(orders: Sequence[Order], results: dict[str, RolloutResult]) -> bool:
    """Whether the leading service's release was to be judged, and ECS has ended it."""
    lead = _lead(orders)
    return lead.request.judge_only and lead.service in results and results[lead.service].action == WITHDRAW


def _has_fallen(order: Order, results: dict[str, RolloutResult]) -> bool:
    """Whether the service's part of a release that was to be judged has ended unfit by itself."""
    return order.request.judge_only and results[order.service].action == WITHDRAW


def _with_the_fall(results: dict[str, RolloutResult], orders: Sequence[Order]) -> dict[str, RolloutResult]:
    """*results*, where a companion has fallen, as those of a run that undoes all of the release and begins nothing."""
    aimed = [_aimed(order, results, orders) for order in orders if order.service in results]
    if not any(_has_fallen(order, results) for order in aimed):
        return results
    digest = _digest(orders, results)
    return {
        order.service: given_up(results[order.service])
        if holds_open(order.ports, order.service, digest)
        else results[order.service]
        for order in aimed
        if order.leads or holds_open(order.ports, order.service, digest)
    }


def _ended(orders: Sequence[Order]) -> tuple[Order, Release] | None:
    """The service of a release to be judged whose part has ended unfit, and that part, when others are still open."""
    lead = _lead(orders)
    if not lead.request.judge_only:
        return None
    if ended := ended_release(lead):
        return (lead, ended) if any(is_open(order, ended.digest) for order in orders) else None
    fallen = ((order, refused_beside(order, lead)) for order in orders if not order.leads)
    return next(((order, release) for order, release in fallen if release), None)


def _has_run(order: Order) -> bool:
    history = order.ports.releases.history(order.service)
    return any(release.succeeded and release.digest == order.request.version for release in history)


def _joint(refusals: list[FastbreakError]) -> FastbreakError:
    if len(refusals) == 1:
        return refusals[0]
    details = {name: value for refusal in refusals for name, value in refusal.details.items()}
    details["problems"] = [
        problem for refusal in refusals for problem in refusal.details.get("problems", [str(refusal)])
    ]
    return RefusedError(" ".join(str(refusal) for refusal in refusals), **details)


def _lock(orders: Sequence[Order], locks: ExitStack, opened: list[Session]) -> list[Session]:
    """A session of each order, under its lock; they are among those *opened*."""
    sessions = [Session(order.request, order.ports) for order in orders]
    opened += sessions
    for session in sessions:
        with session.shown_errors():
            locks.enter_context(session.locked())
    return sessions


def _make_way(session: Session) -> Target | None:
    with session.shown_errors():
        return make_way(session)


def _close(
    orders: Sequence[Order], fell: Order, digest: str, opened: list[Session], ended: Release | None = None
) -> dict[str, RolloutResult]:
    """Close the part of the release that *fell*, unless it has *ended*; undo what others hold open for it.

    No service is released for it any more. Raises as `roll_out_together` does.
    """
    others = [order for order in orders if order is not fell and holds_open(order.ports, order.service, digest)]
    with ExitStack() as locks:
        session, *companions = _lock([fell, *others], locks, opened)
        rest = Rest(companions, held_open(companions, digest), digest)
        try:
            with session.shown_errors():
                if ended is None:
                    return {fell.service: bring(session, digest=digest).accept()}
                raise OperationError(f"Release {ended.version} of {fell.service} has ended: {ended.reason}")
        except FastbreakError as error:
            raise _with_the_rest(session, error, [], rest) from error


def _predict_close(orders: Sequence[Order], fell: Order, ended: Release) -> dict[str, RolloutResult]:
    """What `_close` would do where the part of the release that *fell* has *ended*."""
    lead = _lead(orders)
    part = ended if fell.leads else open_record(lead.ports, lead.service, ended.digest)
    left = [] if fell.leads else [f"{fell.service}, of the same release, has ended: {ended.reason}"]
    left += [_undone_too(order) for order in orders if order is not fell and is_open(order, ended.digest)]
    return _with_notes({lead.service: to_be_closed(part or ended)}, left, orders)


def _undone_too(order: Order) -> str:
    return f"{order.service}, of the same release, is undone too"


def _release(orders: Sequence[Order], digest: str, opened: list[Session]) -> dict[str, RolloutResult]:
    done: Done = []
    with ExitStack() as locks:
        sessions = _lock(orders, locks, opened)
        held = held_open(sessions, digest)
        # What cannot be taken back is known before anything is begun.
        targets = [_make_way(session) for session in sessions]
        for place, (session, target) in enumerate(zip(sessions, targets, strict=True)):
            rest = Rest(sessions[place + 1 :], held, digest)
            session.beside = [part.unfit for _other, part in done]
            session.before_undo = partial(rest.give_users_back, session.request.service)
            try:
                with session.shown_errors():
                    part = bring(session, target, digest=digest)
            except FastbreakError as error:
                raise _with_the_rest(session, error, done, rest) from error
            except KeyboardInterrupt:
                for _other, left in done:
                    left.leave()
                raise
            done.append((session, part))
            if part.handed_over:
                # What comes after it is up to the run that takes it up.
                return {each.request.service: left.leave() for each, left in done}
        return _accept(done)


def _accept(done: Done) -> dict[str, RolloutResult]:
    """Complete every record. One that cannot be is said, after the others were."""
    results: dict[str, RolloutResult] = {}
    failed: list[FastbreakError] = []
    for session, part in done:
        try:
            with session.shown_errors():
                results[session.request.service] = part.accept()
        except FastbreakError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return results


def _with_the_rest(session: Session, error: FastbreakError, done: Done, rest: Rest) -> FastbreakError:
    """The *error* of one service after those that were released before it were undone, the last of them first.

    So is the *rest*, if the service was not only refused.

    Where ECS goes on with the release, nothing is undone: the next run takes all of it up.
    """
    if session.left_open:
        for _other, part in done:
            part.leave()
        names = ", ".join(other.request.service for other, _part in done)
        left = f"What {names} was brought to stays, unaccepted, until that release ends." if names else ""
        return type(error)(" ".join(filter(None, (error.message, left))), **error.details)
    if of_error(error) is not Result.REFUSED:
        rest.undo(session.request.service)
    told, whole = [*rest.told], rest.whole
    for other, part in reversed(done):
        try:
            with other.shown_errors():
                told.append(part.refuse(f"{session.request.service}, of the same release, failed"))
        except FastbreakError as failure:
            whole = False
            told.append(f"{other.request.service} could not be undone: {failure.message}")
    told = [words for words in told if words]
    kind, result = type(error), of_error(error)
    if not whole:
        kind, result = OperationError, Result.ROLLBACK_FAILED
    elif told and result in (Result.REFUSED, Result.FAILED):
        kind, result = RolledBackError, Result.ROLLED_BACK
    return ends(kind(" ".join((error.message, *told)), **error.details), result)


def _with_notes(
    results: dict[str, RolloutResult], notes: list[str], orders: Sequence[Order]
) -> dict[str, RolloutResult]:
    lead = _lead(orders).service
    return {**results, lead: replace(results[lead], warnings=(*results[lead].warnings, *notes))}
