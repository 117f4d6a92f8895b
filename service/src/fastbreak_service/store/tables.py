# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The tables as the code sees them; the migrations make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from fastbreak_service.identity.caller import DEFAULT_TEAM

if TYPE_CHECKING:
    from sqlalchemy.sql.schema import SchemaItem

metadata = sa.MetaData()

analyses = sa.Table(
    "analyses",
    metadata,
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("filename", sa.Text),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True)),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("error_code", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.Column("video", JSONB),
    sa.Column("model_name", sa.Text),
    sa.Column("model_sha256", sa.Text),
    sa.Column("service_version", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("idempotency_key", sa.Text),
    sa.Column("fingerprint", sa.Text),
    sa.Column("team", sa.Text, nullable=False, server_default=DEFAULT_TEAM),
    sa.Column("movement", JSONB(none_as_null=True)),
    sa.Column("footage_place", sa.Text),
    sa.Column("sent_by", sa.Text),
    sa.Column("segments", sa.Integer),
    sa.Column("segments_ended", sa.Integer),
    sa.Column("missing", JSONB(none_as_null=True)),
    sa.Column("highest_finding", sa.Integer, nullable=False, server_default="0"),
)

work = sa.Table(
    "work",
    metadata,
    sa.Column("analysis_id", sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("contract", sa.Integer, nullable=False, server_default="1"),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("available_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("takes", sa.Integer, nullable=False, server_default="0"),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("token", UUID(as_uuid=True)),
    sa.Column("lease_until", sa.DateTime(timezone=True)),
    sa.Column("reason", sa.Text),
    sa.Column("dead_at", sa.DateTime(timezone=True)),
)

segments = sa.Table(
    "segments",
    metadata,
    sa.Column("analysis_id", sa.ForeignKey("work.analysis_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", JSONB, nullable=False),
    sa.Column("available_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("takes", sa.Integer, nullable=False, server_default="0"),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("token", UUID(as_uuid=True)),
    sa.Column("lease_until", sa.DateTime(timezone=True)),
    sa.Column("reason", sa.Text),
    sa.Column("code", sa.Text),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("spent_seconds", sa.Double),
    sa.Column("seen", sa.LargeBinary),
)
"""The segments of long videos while they are analysed, and what was seen of them; for workers alone."""

persons = sa.Table(
    "persons",
    metadata,
    sa.Column("analysis_id", sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person", sa.Integer, primary_key=True),
    sa.Column("frames", sa.Integer, nullable=False),
    sa.Column("first_frame", sa.Integer, nullable=False),
    sa.Column("last_frame", sa.Integer, nullable=False),
    sa.Column("angles", JSONB, nullable=False),
)

measures = sa.Table(
    "measures",
    metadata,
    sa.Column("analysis_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("person", sa.Integer, primary_key=True),
    sa.Column("frame", sa.Integer, primary_key=True),
    sa.Column("angle", sa.Text, primary_key=True),
    sa.Column("time_seconds", sa.Double, nullable=False),
    sa.Column("value_degrees", sa.Double, nullable=False),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.ForeignKeyConstraint(["analysis_id", "person"], ["persons.analysis_id", "persons.person"], ondelete="CASCADE"),
)


def _said(name: str, *more: SchemaItem) -> sa.Table:
    """A table of what is said of persons, in order of its numbers from 1."""
    return sa.Table(
        name,
        metadata,
        sa.Column("analysis_id", UUID(as_uuid=True), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("content", JSONB, nullable=False),
        *more,
        sa.ForeignKeyConstraint(
            ["analysis_id", "person"], ["persons.analysis_id", "persons.person"], ondelete="CASCADE"
        ),
        sa.Index(f"{name}_person", "analysis_id", "person"),
    )


events = _said("events")
findings = _said("findings", sa.Column("withdrawn", sa.Boolean, nullable=False, server_default=sa.false()))
doubts = _said(
    "doubts",
    sa.Column("other", sa.Integer, nullable=False),
    sa.ForeignKeyConstraint(["analysis_id", "other"], ["persons.analysis_id", "persons.person"], ondelete="CASCADE"),
    sa.Index("doubts_other", "analysis_id", "other"),
)

trails = sa.Table(
    "trails",
    metadata,
    sa.Column("analysis_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("track", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first_frame", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last_frame", sa.Integer, nullable=False),
    sa.Column("person", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.ForeignKeyConstraint(["analysis_id", "person"], ["persons.analysis_id", "persons.person"], ondelete="CASCADE"),
    sa.Index("trails_person", "analysis_id", "person"),
)
"""What is kept of everybody's sightings to tell anew of whoever is corrected."""

corrections = sa.Table(
    "corrections",
    metadata,
    sa.Column("analysis_id", sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", JSONB, nullable=False),
    sa.Column("reviewer", sa.Text, nullable=False),
    sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

players = sa.Table(
    "players",
    metadata,
    sa.Column("analysis_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("person", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("player", sa.Text, nullable=False),
    sa.Column("named_by", sa.Text, nullable=False),
    sa.Column("named_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("compared", JSONB(none_as_null=True)),
    sa.Column("basis", ARRAY(UUID(as_uuid=True)), nullable=False, server_default="{}"),
    sa.ForeignKeyConstraint(["analysis_id", "person"], ["persons.analysis_id", "persons.person"], ondelete="CASCADE"),
    sa.Index("players_player", "player"),
    sa.Index("players_basis", "basis", postgresql_using="gin"),
)
"""Who is which player of the team, what differs from the player's own, and the analyses that this was told by."""

reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("analysis_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("finding", sa.Integer, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("reviewer", sa.Text, nullable=False),
    sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.ForeignKeyConstraint(
        ["analysis_id", "finding"], ["findings.analysis_id", "findings.number"], ondelete="CASCADE"
    ),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("team", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("analysis_id", UUID(as_uuid=True)),
    sa.Column("finding", sa.Integer),
    sa.Column("hour", sa.DateTime(timezone=True)),
)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("analysis_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("team", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("erased_at", sa.DateTime(timezone=True)),
    sa.Column("erased", JSONB, nullable=False),
    sa.Column("backup_days", sa.Integer),
)

person_erasures = sa.Table(
    "person_erasures",
    metadata,
    sa.Column("analysis_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("person", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("team", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("erased_at", sa.DateTime(timezone=True)),
    sa.Column("how", sa.Text, nullable=False),
    sa.Column("erased", JSONB, nullable=False),
    sa.Column("backup_days", sa.Integer),
    sa.Column("tracks", JSONB(none_as_null=True)),
)

sightings = sa.Table(
    "sightings",
    metadata,
    sa.Column("analysis_id", sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person", sa.Integer, nullable=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("time_seconds", sa.Double, nullable=False),
    sa.Column("points", ARRAY(sa.REAL), nullable=False),
)
"""Where those are in a video whom it still has to be rid of; for workers alone, and until then."""

uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("team", sa.Text, nullable=False),
    sa.Column("sent_by", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("filename", sa.Text),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("part_bytes", sa.BigInteger, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("storage_upload", sa.Text, nullable=False),
    sa.Column("idempotency_key", sa.Text),
    sa.Column("error_code", sa.Text),
    sa.Column("error_message", sa.Text),
)

poses = sa.Table(
    "poses",
    metadata,
    sa.Column("analysis_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("person", sa.Integer, nullable=False),
    sa.Column("frame", sa.Integer, nullable=False),
    sa.Column("time_seconds", sa.Double, nullable=False),
    sa.Column("points", ARRAY(sa.REAL), nullable=False),
    sa.ForeignKeyConstraint(["analysis_id", "person"], ["persons.analysis_id", "persons.person"], ondelete="CASCADE"),
    sa.Index("poses_person", "analysis_id", "person"),
)

takeovers = sa.Table(
    "takeovers",
    metadata,
    sa.Column("before", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("backup", sa.Text, nullable=False),
    sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
)
"""Backups whose rows were taken over, and the last full second before; for the owner alone."""

APPEND_ONLY = (reviews, audit, persons, measures, events, findings, poses, trails, doubts, corrections)
"""Tables in which the application may change and delete nothing; with an analysis goes what hangs on it."""

measures_of_team = sa.table("measures_of_team", *(sa.column(name, column.type) for name, column in measures.c.items()))
"""The measures that a transaction for a caller sees, who has no right to the table itself."""

poses_of_team = sa.table("poses_of_team", *(sa.column(name, column.type) for name, column in poses.c.items()))
"""The poses, likewise."""

trails_of_team = sa.table("trails_of_team", *(sa.column(name, column.type) for name, column in trails.c.items()))
"""The trails, likewise."""
