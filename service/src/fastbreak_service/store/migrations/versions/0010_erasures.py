# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What was erased, and the one way in which a caller erases.

Releases before it know of no erasure: to them what is gone was never there.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from fastbreak_service.store.callers import SETTING, caller_role

revision = "0010"
down_revision = "0009"

_COUNTED = ("persons", "measures", "poses", "events", "findings", "reviews")
_COUNT = "'{0}', (SELECT count(*) FROM public.{0} WHERE analysis_id = which)"
_COUNTS = ", ".join(map(_COUNT.format, _COUNTED))
# Callers may delete nothing. With the owner's rights this deletes one analysis of theirs with all that hangs on it; the
# lock has whoever is writing its result come to an end first, so that what is counted is what goes.
_ERASE = f"""
CREATE FUNCTION erase_analysis(which uuid) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  counted jsonb;
BEGIN
  PERFORM 1 FROM public.analyses WHERE id = which AND team = current_setting('{SETTING}', true) FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  counted := jsonb_build_object({_COUNTS});
  DELETE FROM public.analyses WHERE id = which;
  RETURN counted;
END
$$"""  # noqa: S608 - a text of ours


# With a person go the rows about them: without it all rows of the analysis are looked through for each person.
_OF_PERSONS = ("poses", "events", "findings")


def upgrade() -> None:
    """Add the table, which shows a caller the rows of its team alone, the function, and how it finds what to delete."""
    for table in _OF_PERSONS:
        op.create_index(f"{table}_person", table, ["analysis_id", "person"])
    op.create_table(
        "erasures",
        sa.Column("analysis_id", UUID(as_uuid=True), primary_key=True),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.Column("erased", JSONB, nullable=False),
        sa.Column("backup_days", sa.Integer),
    )
    op.create_index("erasures_team", "erasures", ["team", "requested_at", "analysis_id"])
    op.create_index("erasures_left", "erasures", ["place"], postgresql_where=sa.text("erased_at IS NULL"))
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    name = op.get_bind().dialect.identifier_preparer.quote(role)
    op.execute(f"GRANT SELECT, INSERT ON public.erasures TO {name}")
    op.execute("ALTER TABLE erasures ENABLE ROW LEVEL SECURITY")
    mine = f"team = current_setting('{SETTING}', true)"
    op.execute(f"CREATE POLICY erasures_of_team ON erasures USING (current_user <> '{role}' OR {mine})")
    op.execute(_ERASE)
    op.execute("REVOKE ALL ON FUNCTION erase_analysis(uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION erase_analysis(uuid) TO {name}")


def downgrade() -> None:
    """Forget what was erased; it stays gone."""
    op.execute("DROP FUNCTION erase_analysis(uuid)")
    op.drop_table("erasures")
    for table in _OF_PERSONS:
        op.drop_index(f"{table}_person", table)
