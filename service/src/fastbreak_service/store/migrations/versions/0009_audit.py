# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who saw, sent, reviewed and erased what, and who sent a video.

Releases before it write neither.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from fastbreak_service.store.callers import SETTING, caller_role

revision = "0009"
down_revision = "0008"

_DAYS = 730
# At once: whoever asks waits for it, and for their locks others.
_MOST = 10_000
# Whoever may only add has no other way to make room. The owner's rights, and a search path that nobody else writes to.
_FORGET = f"""
CREATE FUNCTION forget_old_audit() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  WITH gone AS (
    DELETE FROM public.audit WHERE id IN (
      SELECT id FROM public.audit WHERE at < now() - interval '{_DAYS} days' ORDER BY at LIMIT {_MOST}
    ) RETURNING 1
  )
  SELECT count(*) FROM gone
$$"""  # noqa: S608 - a text of ours


def upgrade() -> None:
    """Add the table, to which a caller may add and in which nobody but its owner changes anything."""
    op.add_column("analyses", sa.Column("sent_by", sa.Text))
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("analysis_id", UUID(as_uuid=True)),
        sa.Column("finding", sa.Integer),
        sa.Column("hour", sa.DateTime(timezone=True)),
    )
    op.create_index("audit_team", "audit", ["team", sa.text("id DESC")])
    op.create_index("audit_at", "audit", ["at"])
    nothing = "'00000000-0000-0000-0000-000000000000'::uuid"
    op.create_index(
        "audit_seen",
        "audit",
        ["team", "subject", "action", sa.text(f"coalesce(analysis_id, {nothing})"), "hour"],
        unique=True,
        postgresql_where=sa.text("hour IS NOT NULL"),
    )
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    op.execute(f"GRANT SELECT, INSERT ON public.audit TO {op.get_bind().dialect.identifier_preparer.quote(role)}")
    op.execute("ALTER TABLE audit ENABLE ROW LEVEL SECURITY")
    mine = f"team = current_setting('{SETTING}', true)"
    op.execute(f"CREATE POLICY audit_of_team ON audit USING (current_user <> '{role}' OR {mine})")
    op.execute(_FORGET)
    op.execute("REVOKE ALL ON FUNCTION forget_old_audit() FROM PUBLIC")


def downgrade() -> None:
    """Forget who did what."""
    op.execute("DROP FUNCTION forget_old_audit()")
    op.drop_table("audit")
    op.drop_column("analyses", "sent_by")
