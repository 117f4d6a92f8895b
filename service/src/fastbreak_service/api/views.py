# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Rows of the database as the API shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fastbreak_service.api.cutting import part_sizes
from fastbreak_service.people.history import of_content
from fastbreak_service.store.team_corrections import KEY
from fastbreak_service.store.team_uploads import HOURS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import RowMapping

    from fastbreak_service.quotas import Quota
    from fastbreak_service.store.retention import Retention
    from fastbreak_service.store.usage import Usage


def listed(row: RowMapping, retention: Retention, *, own: bool = False) -> dict[str, Any]:
    """An analysis in a list; `own`: for whoever may not see what was found, nor therefore how much of it waits."""
    return {
        "id": str(row["id"]),
        "status": row["status"],
        "filename": row["filename"],
        "created_at": _moment(row["created_at"]),
        "started_at": _moment(row["started_at"]),
        "finished_at": _moment(row["finished_at"]),
        "elapsed_seconds": _elapsed(row),
        "footage_until": _moment(retention.until(row)),
        "error": {"code": row["error_code"], "message": row["error_message"]} if row["error_code"] else None,
        "awaits_review": None if own else row["awaits_review"],
    }


def whole(row: RowMapping, persons: Sequence[RowMapping], retention: Retention, *, erasable: bool) -> dict[str, Any]:
    """An analysis with what it found; `erasable`: for whoever may erase it."""
    model = {"name": row["model_name"], "sha256": row["model_sha256"]} if row["model_name"] else None
    return {
        **listed(row, retention),
        "erasable": erasable,
        "video": row["video"] and {"remarks": [], **row["video"]},
        "model": model,
        "movement": row["movement"] and {"looked_seconds": None, **row["movement"]},
        "segments": None if row["segments"] is None else {"count": row["segments"], "ended": row["segments_ended"]},
        "missing": row["missing"] or [],
        "persons": [
            {
                "id": person["person"],
                "frames": person["frames"],
                "first_frame": person["first_frame"],
                "last_frame": person["last_frame"],
                "angles": person["angles"],
            }
            for person in persons
        ],
    }


def measure(row: RowMapping) -> dict[str, Any]:
    """One measure."""
    return {
        "person": row["person"],
        "frame": row["frame"],
        "time_seconds": row["time_seconds"],
        "angle": row["angle"],
        "value_degrees": row["value_degrees"],
        "confidence": row["confidence"],
    }


def pose(row: RowMapping) -> dict[str, Any]:
    """One person in one frame, its points in pairs."""
    values = row["points"]
    pairs = [None if x is None or y is None else [x, y] for x, y in zip(values[::2], values[1::2], strict=True)]
    return {
        "person": row["person"],
        "frame": row["frame"],
        "time_seconds": row["time_seconds"],
        "points": pairs,
    }


def said(row: RowMapping) -> dict[str, Any]:
    """An event, with its person. Releases before did not write by which definitions a landing was measured."""
    content = row["content"]
    first = {"definitions": 1} if content["kind"] == "landing" else {}
    return {"person": row["person"], **first, **content}


def finding(row: RowMapping) -> dict[str, Any]:
    """A finding with its number, and the newest review of it if there is one."""
    newest = None if row["version"] is None else review(row)
    # Releases before knew of no baselines.
    return {
        "number": row["number"],
        "person": row["person"],
        "baseline": None,
        **row["content"],
        "review": newest,
    }


def review(row: RowMapping) -> dict[str, Any]:
    """What somebody said of a finding."""
    return {
        "version": row["version"],
        "verdict": row["verdict"],
        "note": row["note"],
        "reviewer": row["reviewer"],
        "reviewed_at": _moment(row["reviewed_at"]),
    }


def correction(row: RowMapping, undone: Collection[int]) -> dict[str, Any]:
    """What somebody said of who is who, and whether it stands: what is in the versions that are undone does not."""
    return {
        "version": row["version"],
        **{name: said for name, said in row["content"].items() if name != KEY},
        "words": of_content(row["content"]).words,
        "undone": row["version"] in undone,
        "reviewer": row["reviewer"],
        "corrected_at": _moment(row["corrected_at"]),
    }


def player(row: RowMapping) -> dict[str, Any]:
    """Which player a person is, and what differs from the player's own; null where what it was told by is gone."""
    return {
        "person": row["person"],
        "player": row["player"],
        "named_by": row["named_by"],
        "named_at": _moment(row["named_at"]),
        "compared": row["compared"],
    }


def doubt(row: RowMapping) -> dict[str, Any]:
    """What is in doubt of two persons."""
    content: dict[str, Any] = row["content"]
    return content


def entry(row: RowMapping) -> dict[str, Any]:
    """An entry of the audit trail."""
    return {
        "at": _moment(row["at"]),
        "subject": row["subject"],
        "action": row["action"],
        "analysis": None if row["analysis_id"] is None else str(row["analysis_id"]),
        "finding": row["finding"],
    }


def certificate(row: RowMapping) -> dict[str, Any]:
    """What was erased and when; nothing in it is of a person."""
    erased_at, days = row["erased_at"], row["backup_days"]
    expire = None if erased_at is None or days is None else erased_at + timedelta(days=days)
    person = row.get("person")
    return {
        "analysis": str(row["analysis_id"]),
        "person": person,
        "footage": row["how"] if person is not None else "deleted",
        "requested_at": _moment(row["requested_at"]),
        "erased_at": _moment(erased_at),
        "erased": row["erased"],
        "backups_expire_at": _moment(expire),
    }


def upload(row: RowMapping, arrived: Mapping[int, int]) -> dict[str, Any]:
    """An upload that was not accepted, with the sizes of the parts that are here."""
    refused = row["error_code"] is not None
    sizes = part_sizes(row["size_bytes"], row["part_bytes"])
    return {
        "id": str(row["id"]),
        "status": "refused" if refused else "open",
        "filename": row["filename"],
        "size_bytes": row["size_bytes"],
        "part_bytes": row["part_bytes"],
        "arrived": [number for number, size in sizes.items() if arrived.get(number) == size],
        "expires_at": None if refused else _moment(upload_ends(row)),
        "error": {"code": row["error_code"], "message": row["error_message"] or ""} if refused else None,
    }


def listed_upload(row: RowMapping) -> dict[str, Any]:
    """One of those under way, of which nobody asks the storage what has arrived."""
    return {
        "id": str(row["id"]),
        "filename": row["filename"],
        "size_bytes": row["size_bytes"],
        "sent_by": row["sent_by"],
        "created_at": _moment(row["created_at"]),
        "expires_at": _moment(upload_ends(row)),
    }


def accepted_upload(row: RowMapping, part_bytes: int) -> dict[str, Any]:
    """An upload that is an analysis by now."""
    return {
        "id": str(row["id"]),
        "status": "accepted",
        "filename": row["filename"],
        "size_bytes": row["size_bytes"],
        "part_bytes": part_bytes,
        "arrived": [],
        "expires_at": None,
        "error": None,
    }


def usage(found: Usage, quota: Quota) -> dict[str, Any]:
    """What a team has used, beside what it may."""
    return {
        "waiting": {"used": found.waiting, "quota": quota.waiting},
        "day_bytes": {"used": found.day_bytes, "quota": quota.day_bytes, "ends_at": _moment(found.day_ends)},
        "month_bytes": {"used": found.month_bytes, "quota": quota.month_bytes, "ends_at": _moment(found.month_ends)},
        "stored_bytes": {
            "used": found.stored_bytes,
            "quota": quota.stored_bytes,
            "frees_at": _moment(found.stored_frees),
        },
    }


def upload_ends(row: RowMapping) -> datetime:
    """Until when an upload may go on."""
    begun: datetime = row["created_at"]
    return begun + timedelta(hours=HOURS)


def moment_in(seconds: float) -> str:
    """A moment from now on."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def list_cursor(row: RowMapping) -> str:
    """Where the next page begins after this analysis or upload: its creation in microseconds since 1970, and its id."""
    return _cursor(row["created_at"], row["id"])


def erasure_cursor(row: RowMapping) -> str:
    """Where the next page begins after this erasure, likewise."""
    return _cursor(row["requested_at"], row["analysis_id"])


def _cursor(moment: datetime, identity: UUID) -> str:
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return f"{since // timedelta(microseconds=1)}.{identity}"


def measure_cursor(row: RowMapping) -> str:
    """Where the next page begins after this measure."""
    return f"{row['person']}.{row['frame']}.{row['angle']}"


def said_cursor(row: RowMapping) -> str:
    """Where the next page begins after this event, finding or pose."""
    return str(row["number"])


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def _elapsed(row: RowMapping) -> float | None:
    if row["started_at"] is None or row["finished_at"] is None:
        return None
    return float(round((row["finished_at"] - row["started_at"]).total_seconds(), 3))
