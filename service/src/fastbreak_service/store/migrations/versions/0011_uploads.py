# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Videos that are on their way to the storage, in parts, until they are accepted or given up.

Releases before it know nothing of them: what is on its way while one answers alone is not accepted.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from fastbreak_service.store.callers import SETTING, caller_role

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the table, in which a caller has its team's rows: what is no analysis yet may be changed and given up."""
    op.create_table(
        "uploads",
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
        sa.CheckConstraint("part_bytes > 0 AND size_bytes BETWEEN 1 AND part_bytes * 10000", name="uploads_size"),
    )
    op.create_index(
        "uploads_team_key",
        "uploads",
        ["team", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_index("uploads_age", "uploads", ["place", "created_at"])
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    name = op.get_bind().dialect.identifier_preparer.quote(role)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON public.uploads TO {name}")
    op.execute("ALTER TABLE uploads ENABLE ROW LEVEL SECURITY")
    mine = f"team = current_setting('{SETTING}', true)"
    op.execute(f"CREATE POLICY uploads_of_team ON uploads USING (current_user <> '{role}' OR {mine})")


def downgrade() -> None:
    """Forget what is on its way, which the storage deletes as what was never finished."""
    op.drop_table("uploads")
