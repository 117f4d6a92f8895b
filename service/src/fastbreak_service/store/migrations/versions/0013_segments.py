# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The segments of long videos: a piece of work each, with what was seen of it until they are joined.

For workers alone, like the work that they hang on and go with. That work has a contract which releases before this one
leave alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0013"
down_revision = "0012"

_WHOLE = 1
_IN_SEGMENTS = "3, 4, 5, 6"
"""To be looked at in segments, and to be joined, as this release and the next one have it."""


def upgrade() -> None:
    """Add the table, and how far an analysis is and what it lacks."""
    op.create_table(
        "segments",
        sa.Column(
            "analysis_id", UUID(as_uuid=True), sa.ForeignKey("work.analysis_id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("number", sa.Integer, nullable=False),
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
        sa.PrimaryKeyConstraint("analysis_id", "number"),
    )
    op.create_index("segments_open", "segments", ["available_at"], postgresql_where=sa.text("ended_at IS NULL"))
    # Neither shrinks, and both are read once.
    op.execute("ALTER TABLE segments ALTER COLUMN seen SET STORAGE EXTERNAL")
    op.add_column("analyses", sa.Column("segments", sa.Integer))
    op.add_column("analyses", sa.Column("segments_ended", sa.Integer))
    op.add_column("analyses", sa.Column("missing", JSONB))


def downgrade() -> None:
    """Forget what was seen of segments: whatever is being analysed in them is analysed whole, from its beginning."""
    op.execute(
        f"UPDATE work SET contract = {_WHOLE}, token = NULL, lease_until = NULL, available_at = now(), "  # noqa: S608 - numbers of ours
        # Counted anew for the joining; whoever takes it next comes after the attempt that the analysis knows of.
        f"takes = greatest(work.takes, analyses.attempt) FROM analyses "
        f"WHERE analyses.id = work.analysis_id AND work.contract IN ({_IN_SEGMENTS})"
    )
    op.drop_column("analyses", "missing")
    op.drop_column("analyses", "segments_ended")
    op.drop_column("analyses", "segments")
    op.drop_table("segments")
