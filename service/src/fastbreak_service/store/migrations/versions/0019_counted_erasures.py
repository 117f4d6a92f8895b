# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The certificate of a person counts all findings and reviews that went, also those that a correction had withdrawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fastbreak_service.store.callers import SETTING, caller_role

revision = "0019"
down_revision = "0018"

_FIVE = "uuid, integer, text, text, integer"
_OF_BEFORE = "erase_person_and_player"
# Of a person who went before, and whose video is to go now, nothing more goes.
_ERASE = f"""
CREATE FUNCTION erase_person(which uuid, who integer, footage text, elsewise text, days integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  there boolean;
  found integer;
  said integer;
  told text;
BEGIN
  PERFORM 1 FROM public.analyses WHERE id = which AND team = current_setting('{SETTING}', true) FOR UPDATE;
  there := EXISTS (SELECT 1 FROM public.persons WHERE analysis_id = which AND person = who);
  found := (SELECT count(*) FROM public.findings WHERE analysis_id = which);
  said := (SELECT count(*) FROM public.reviews WHERE analysis_id = which);
  told := public.{_OF_BEFORE}(which, who, footage, elsewise, days);
  IF told = 'erased' AND there THEN
    UPDATE public.person_erasures SET erased = erased || jsonb_build_object(
        'findings', found - (SELECT count(*) FROM public.findings WHERE analysis_id = which),
        'reviews', said - (SELECT count(*) FROM public.reviews WHERE analysis_id = which))
      WHERE analysis_id = which AND person = who;
  END IF;
  RETURN told;
END
$$"""  # noqa: S608 - a text of ours


def upgrade() -> None:
    """Count around the function of before. What certificates of before say stays."""
    name = _role()
    op.execute(f"ALTER FUNCTION erase_person({_FIVE}) RENAME TO {_OF_BEFORE}")
    op.execute(f"REVOKE ALL ON FUNCTION {_OF_BEFORE}({_FIVE}) FROM {name}")
    op.execute(_ERASE)
    op.execute(f"REVOKE ALL ON FUNCTION erase_person({_FIVE}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION erase_person({_FIVE}) TO {name}")


def downgrade() -> None:
    """Count as before from now on."""
    op.execute(f"DROP FUNCTION erase_person({_FIVE})")
    op.execute(f"ALTER FUNCTION {_OF_BEFORE}({_FIVE}) RENAME TO erase_person")
    op.execute(f"GRANT EXECUTE ON FUNCTION erase_person({_FIVE}) TO {_role()}")


def _role() -> str:
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    return op.get_bind().dialect.identifier_preparer.quote(role)
