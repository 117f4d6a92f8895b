# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a release's migration has to run: not where the database itself says that it has run the same one whole.

What is not known, or is not the same to the last letter, is migrated for. A database without what the release needs
keeps its tasks from becoming ready, so that a wrong answer would cost a release, and no user a request.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from ..._errors import FastbreakError
from ..._release.image import parse_image
from ..._release.record import DEPLOY, since_migration
from ..plan.differences import Action

if TYPE_CHECKING:
    from ..definition.comparison import Document
    from ..plan.read import Facts
    from ..request.model import Migration, Skipping
    from ..session import Session

_SECONDS = 5.0
_BYTES = 1 << 14
_OK = 200
_SCHEMA = re.compile(r"[0-9A-Za-z_.-]{1,64}")
# What of its container has a part in what a migration does, beside the image.
_OF_CONTAINER = ("environment", "secrets", "environmentFiles", "entryPoint")


@dataclass(frozen=True, slots=True)
class Need:
    """``runs``: whether it has to. ``said`` is why, or why not; empty: there is none. It leaves ``mark``, if any."""

    runs: bool = False
    said: str = ""
    mark: str = ""


def migration_need(session: Session, facts: Facts) -> Need:
    """Whether the release's migration has to run. Asks what runs; changes nothing."""
    request = session.request
    migration, plan = request.migration, facts.plan
    replaced = plan.action is Action.CREATE or (plan.action is Action.DEPLOY and plan.reuse_arn != facts.running_arn)
    if migration is None or request.kind != DEPLOY or not replaced:
        return Need()
    skipping = migration.skipping
    if skipping is None:
        return Need(runs=True, said="runs: it is asked for with each release")
    name = _named(session, skipping, facts.target.image, facts.target.release.digest)
    if not name:
        return Need(runs=True, said=f"runs: the image's label {skipping.label} does not say what it does")
    mark = mark_of(session.definition_key(), migration, name, facts.target.document)
    needed, why = _asked(session, facts, skipping, name, mark)
    return Need(needed, f"{'runs' if needed else 'not needed'}: {why}", mark)


def _asked(session: Session, facts: Facts, skipping: Skipping, name: str, mark: str) -> tuple[bool, str]:
    """Whether the migration that its image calls *name*, and which leaves this *mark*, has to run, and why."""
    if doubt := _doubt(facts):
        return True, doubt
    found, seen = _found(session, skipping)
    if not found:
        return True, seen
    if found != mark:
        return True, f"{seen}, after another migration or with other settings"
    if other := _otherwise(session, facts, skipping, name):
        return True, f"the image of {other}, accepted since the last migration, migrates otherwise or does not say how"
    return False, f"{seen}, after this very migration with these settings"


def foretold(facts: Facts, need: Need) -> Facts:
    """*facts*, whose plan says whether the migration runs, and why."""
    if not need.said:
        return facts
    return replace(facts, plan=replace(facts.plan, after={**facts.plan.after, "migration": need.said}))


def mark_of(key: bytes, migration: Migration, name: str, document: Document) -> str:
    """The mark of the *migration* that an image calls *name*, with all that it is told. It tells none of that."""
    containers = document.get("containerDefinitions") or []
    container: dict[str, Any] = next((each for each in containers if each.get("name") == migration.container), {})
    told = {
        "name": name,
        "command": migration.command,
        "environment": sorted(migration.environment),
        "role": migration.task_role_arn,
        "container": {place: _in_order(container.get(place)) for place in _OF_CONTAINER},
    }
    return hmac.new(key, json.dumps(told, sort_keys=True).encode(), hashlib.sha256).hexdigest()


def _in_order(value: Any) -> Any:
    """The *value*, where it is a list of named things in an order of its own."""
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return sorted(value, key=lambda each: json.dumps(each, sort_keys=True))
    return value


def _named(session: Session, skipping: Skipping, image: str, digest: str) -> str:
    """What an image calls what its migration does; empty where it does not, or cannot be asked."""
    try:
        labels = session.ports.surroundings.image_labels(parse_image(image).repository, digest)
    except FastbreakError:
        # Then it is not known, and the migration runs.
        return ""
    return labels.get(skipping.label, "")


def _doubt(facts: Facts) -> str:
    """Why nothing that runs is believed: what ended ill may have left more undone than a database tells.

    Only a release that was accepted after it with a migration of its own, which ran or was not needed, ends the doubt.
    """
    if facts.found.service is None or not facts.history:
        return "nothing was released here before"
    since = since_migration(facts.history)
    ill = next((release for release in since if not release.succeeded), None)
    if ill is not None:
        before = "the release before" if ill is since[0] else "a release before"
        return f"{before}, of {ill.version}, ended {ill.outcome.value}, and none has migrated since"
    return "" if since[-1].migration else "no release is on record as having migrated"


def _otherwise(session: Session, facts: Facts, skipping: Skipping, name: str) -> str:
    """A release since the last migration whose image does not call its own *name*; empty: there is none.

    An image of before marks migrates, and leaves the mark that it finds.
    """
    known = {facts.target.release.digest}
    for release in since_migration(facts.history):
        if release.digest in known:
            continue
        known.add(release.digest)
        if _named(session, skipping, release.image, release.digest) != name:
            return release.version
    return ""


def _found(session: Session, skipping: Skipping) -> tuple[str, str]:
    """The mark that what runs reads from its database now, and what is to be said of that."""
    # An answer that repeats it is to this question, and no older one that somebody kept.
    asked = hashlib.sha256(f"{session.request.owner} {session.monotonic()}".encode()).hexdigest()[:32]
    parts = urlsplit(skipping.aim.url)
    query = f"{parts.query}&" if parts.query else ""
    answer = session.ports.probe.request(
        "GET",
        urlunsplit(parts._replace(query=f"{query}asked={asked}")),
        timeout_seconds=_SECONDS,
        version_header=skipping.version_header,
        headers=skipping.aim.headers,
        keep_bytes=_BYTES,
    )
    if answer.status != _OK:
        seen = f"it answered {answer.status}" if answer.status else answer.problem or "it did not answer"
        return "", f"what runs could not be asked at {parts.path} what its database has: {seen}"
    told = _read(answer.body)
    if told.get("asked") != asked:
        return "", f"what runs does not say at {parts.path} what its database has, or its answer is one of before"
    mark, who = str(told.get("migration") or ""), answer.version or "what runs"
    there = f"the database is at schema {_schema(told)}, as {who} has just read from it"
    return mark, there if mark else f"{there}, without the mark of a whole migration"


def _read(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _schema(told: dict[str, Any]) -> str:
    """The revision that was told, where it looks like one: it goes into the release's record."""
    schema = told.get("schema")
    return schema if isinstance(schema, str) and _SCHEMA.fullmatch(schema) else "unknown"
