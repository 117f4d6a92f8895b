# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Analyses, the persons seen in them, and their measures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "analyses",
        sa.Column("id", UUID(as_uuid=True), primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("filename", sa.Text),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("error_code", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.Column("video", JSONB),
        sa.Column("model_name", sa.Text),
        sa.Column("model_sha256", sa.Text),
        sa.Column("service_version", sa.Text, nullable=False),
        sa.CheckConstraint("status IN ('queued', 'running', 'succeeded', 'failed')", name="analyses_status"),
        sa.CheckConstraint("(status = 'failed') = (error_code IS NOT NULL)", name="analyses_failed_has_error"),
    )
    op.create_index("analyses_newest", "analyses", [sa.text("created_at DESC"), sa.text("id DESC")])
    op.create_index(
        "analyses_unfinished",
        "analyses",
        ["heartbeat_at"],
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_table(
        "persons",
        sa.Column("analysis_id", UUID(as_uuid=True), sa.ForeignKey("analyses.id", ondelete="CASCADE"), nullable=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("first_frame", sa.Integer, nullable=False),
        sa.Column("last_frame", sa.Integer, nullable=False),
        sa.Column("angles", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("analysis_id", "person"),
    )
    op.create_table(
        "measures",
        sa.Column("analysis_id", UUID(as_uuid=True), nullable=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("frame", sa.Integer, nullable=False),
        sa.Column("angle", sa.Text, nullable=False),
        sa.Column("time_seconds", sa.Double, nullable=False),
        sa.Column("value_degrees", sa.Double, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("analysis_id", "person", "frame", "angle"),
        sa.ForeignKeyConstraint(
            ["analysis_id", "person"], ["persons.analysis_id", "persons.person"], ondelete="CASCADE"
        ),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name="measures_confidence"),
    )


def downgrade() -> None:
    """Drop the three tables."""
    for table in ("measures", "persons", "analyses"):
        op.drop_table(table)
