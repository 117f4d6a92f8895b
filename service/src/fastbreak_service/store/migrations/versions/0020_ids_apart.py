# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""No caller adds a row under an id that another team has, nor a certificate of what is still there.

The policies look at the team of the new row alone. Under another team's id, a certificate or an upload that is given up
would have the storage erase that team's video.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fastbreak_service.store.callers import caller_role

revision = "0020"
down_revision = "0019"

_KEEP = """
CREATE FUNCTION keep_ids_apart() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wanted uuid := (to_jsonb(NEW)->>TG_ARGV[0])::uuid;
BEGIN
  IF EXISTS (SELECT 1 FROM public.analyses WHERE id = wanted AND (team <> NEW.team OR TG_TABLE_NAME = 'erasures'))
    OR EXISTS (SELECT 1 FROM public.uploads WHERE id = wanted AND team <> NEW.team)
    OR EXISTS (SELECT 1 FROM public.erasures WHERE analysis_id = wanted AND team <> NEW.team)
  THEN
    RAISE EXCEPTION 'a row of % may not be added under an id that is taken', TG_TABLE_NAME
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$"""
_NAMES = {"analyses": "id", "uploads": "id", "erasures": "analysis_id"}


def upgrade() -> None:
    """Add the function, and have it look at what callers add; whoever restores a backup adds what there was."""
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    op.execute(_KEEP)
    op.execute("REVOKE ALL ON FUNCTION keep_ids_apart() FROM PUBLIC")
    for table, column in _NAMES.items():
        op.execute(
            f"CREATE TRIGGER keep_ids_apart BEFORE INSERT OR UPDATE OF {column} ON {table} FOR EACH ROW "
            f"WHEN (current_user = '{role}') EXECUTE FUNCTION keep_ids_apart('{column}')"
        )


def downgrade() -> None:
    """Look at no row any more."""
    for table in _NAMES:
        op.execute(f"DROP TRIGGER keep_ids_apart ON {table}")
    op.execute("DROP FUNCTION keep_ids_apart()")
