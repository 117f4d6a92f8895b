# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Landings, jumps and what of them is for review.

Releases before it leave all of it empty: an analysis whose column `movement` is null was not looked at for movement.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from fastbreak_service.store.callers import caller_role

revision = "0005"
down_revision = "0004"

_TABLES = ("events", "findings")
# An analysis that the policy on its table hides is not there for this one either.
_OF_MINE = "EXISTS (SELECT 1 FROM analyses WHERE analyses.id = {table}.analysis_id)"


def upgrade() -> None:
    """Add the tables, which show a caller the rows of its team alone, and to an analysis how many rows it has there."""
    op.add_column("analyses", sa.Column("movement", JSONB))
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    name = op.get_bind().dialect.identifier_preparer.quote(role)
    for table in _TABLES:
        op.create_table(
            table,
            sa.Column("analysis_id", UUID(as_uuid=True), nullable=False),
            sa.Column("number", sa.Integer, nullable=False),
            sa.Column("person", sa.Integer, nullable=False),
            sa.Column("content", JSONB, nullable=False),
            sa.PrimaryKeyConstraint("analysis_id", "number"),
            sa.ForeignKeyConstraint(
                ["analysis_id", "person"], ["persons.analysis_id", "persons.person"], ondelete="CASCADE"
            ),
        )
        op.execute(f"GRANT SELECT ON public.{table} TO {name}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        rule = _OF_MINE.format(table=table)
        op.execute(f"CREATE POLICY {table}_of_team ON {table} USING (current_user <> '{role}' OR {rule})")


def downgrade() -> None:
    """Forget movement."""
    for table in _TABLES:
        op.drop_table(table)
    op.drop_column("analyses", "movement")
