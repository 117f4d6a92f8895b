# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What reviewers say of findings: entries that are added and never changed.

Releases before it know no reviews and leave them alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from fastbreak_service.store.callers import caller_role

revision = "0008"
down_revision = "0007"

# An analysis that the policy on its table hides is not there for this one either.
_OF_MINE = "EXISTS (SELECT 1 FROM analyses WHERE analyses.id = reviews.analysis_id)"


def upgrade() -> None:
    """Add the table, to which a caller may add and in which it may change nothing."""
    op.create_table(
        "reviews",
        sa.Column("analysis_id", UUID(as_uuid=True), nullable=False),
        sa.Column("finding", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("analysis_id", "finding", "version"),
        sa.ForeignKeyConstraint(
            ["analysis_id", "finding"], ["findings.analysis_id", "findings.number"], ondelete="CASCADE"
        ),
        sa.CheckConstraint("verdict IN ('accepted', 'rejected', 'needs_another_look')", name="reviews_verdict"),
        sa.CheckConstraint("version BETWEEN 1 AND 999", name="reviews_version"),
        sa.CheckConstraint("char_length(note) BETWEEN 1 AND 2000", name="reviews_note"),
    )
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    op.execute(f"GRANT SELECT, INSERT ON public.reviews TO {op.get_bind().dialect.identifier_preparer.quote(role)}")
    op.execute("ALTER TABLE reviews ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY reviews_of_team ON reviews USING (current_user <> '{role}' OR {_OF_MINE})")


def downgrade() -> None:
    """Forget reviews."""
    op.drop_table("reviews")
