# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The queue: which analyses are to be done, who does them until when, and which were given up.

Releases before it neither see nor touch it. They fail an analysis whose heartbeat is old; what is in the queue and
outlives its replica therefore bears a heartbeat of the year 9000.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the queue, and to an analysis the number of its current attempt."""
    op.add_column("analyses", sa.Column("attempt", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "work",
        sa.Column(
            "analysis_id", UUID(as_uuid=True), sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("contract", sa.Integer, nullable=False, server_default="1"),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("takes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("token", UUID(as_uuid=True)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text),
        sa.Column("dead_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(token IS NULL) = (lease_until IS NULL)", name="work_token_has_lease"),
    )
    op.create_index("work_next", "work", ["place", "available_at"], postgresql_where=sa.text("dead_at IS NULL"))


def downgrade() -> None:
    """Drop the queue. What was in it is failed as interrupted by the release before, which finds its heartbeat old."""
    op.execute(
        "UPDATE analyses SET heartbeat_at = now() WHERE status IN ('queued', 'running') AND heartbeat_at > now()"
    )
    op.drop_table("work")
    op.drop_column("analyses", "attempt")
