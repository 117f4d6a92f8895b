# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where the joints of each person were in each frame.

Releases before it leave the table empty: their analyses have no poses.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from fastbreak_service.store.callers import SETTING, caller_role

revision = "0006"
down_revision = "0005"

# As for measures: COPY needs a table without row-level security, so callers have a view of it alone.
_VIEW = (
    "CREATE VIEW poses_of_team AS SELECT poses.* FROM poses "  # noqa: S608 - a text of ours
    f"JOIN analyses ON analyses.id = poses.analysis_id AND team = current_setting('{SETTING}', true)"
)


def upgrade() -> None:
    """Add the table, which takes numbers alone, and the view that shows a caller the rows of its team."""
    op.create_table(
        "poses",
        sa.Column("analysis_id", UUID(as_uuid=True), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("frame", sa.Integer, nullable=False),
        sa.Column("time_seconds", sa.Double, nullable=False),
        sa.Column("points", ARRAY(sa.REAL), nullable=False),
        sa.PrimaryKeyConstraint("analysis_id", "number"),
        sa.ForeignKeyConstraint(
            ["analysis_id", "person"], ["persons.analysis_id", "persons.person"], ondelete="CASCADE"
        ),
        sa.CheckConstraint("array_length(points, 1) = 34 AND array_ndims(points) = 1", name="poses_length"),
        sa.CheckConstraint("NOT points && '{NaN,Infinity,-Infinity}'::real[]", name="poses_numbers"),
    )
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    op.execute(_VIEW)
    op.execute(f"GRANT SELECT ON poses_of_team TO {op.get_bind().dialect.identifier_preparer.quote(role)}")


def downgrade() -> None:
    """Forget poses."""
    op.execute("DROP VIEW poses_of_team")
    op.drop_table("poses")
