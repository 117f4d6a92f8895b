# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Numbers of findings are given once, and a correction does not pass over what is said of findings meanwhile.

Sums over all persons are not told any more of analyses whose persons were corrected, as of those of which somebody was
erased. Releases before it compute numbers from the findings that there are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fastbreak_service.store.callers import caller_role

revision = "0017"
down_revision = "0016"

_FIVE = "uuid, integer, text, text, integer"
_SIGNATURE = "uuid, integer, jsonb, text, jsonb"
_SUMS_GONE = (
    "SELECT jsonb_object_agg(key, CASE WHEN key IN ('events', 'findings') THEN value ELSE 'null' END) "
    "FROM jsonb_each(movement)"
)
_REMEMBER = """
CREATE FUNCTION remember_numbers() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE public.analyses AS a SET highest_finding = greatest(a.highest_finding, gone.highest)
    FROM (SELECT analysis_id, max(number) AS highest FROM went GROUP BY analysis_id) AS gone
    WHERE a.id = gone.analysis_id;
  RETURN NULL;
END
$$"""
_TRIGGER = (
    "CREATE TRIGGER remember_numbers AFTER DELETE ON findings REFERENCING OLD TABLE AS went "
    "FOR EACH STATEMENT EXECUTE FUNCTION remember_numbers()"
)
# An analysis numbers its findings from 1 on: where some were erased, there were as many as are left and went.
_ONCE_ERASED = """
UPDATE analyses SET highest_finding = (SELECT count(*) FROM findings WHERE analysis_id = analyses.id)
    + (SELECT coalesce(sum((erased->>'findings')::integer), 0) FROM person_erasures WHERE analysis_id = analyses.id)
  WHERE EXISTS (SELECT 1 FROM person_erasures WHERE analysis_id = analyses.id)"""
_ONCE_CORRECTED = f"""
UPDATE analyses SET movement = ({_SUMS_GONE})
  WHERE movement IS NOT NULL AND EXISTS (SELECT 1 FROM corrections WHERE analysis_id = analyses.id)"""  # noqa: S608 - a text of ours

# Who says something of a finding holds its row until that is written. So what is said is seen here, or is said later.
_CORRECT = f"""
CREATE FUNCTION correct_persons(which uuid, seen integer, said jsonb, who text, plan jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF public.hold_persons(which) THEN
    PERFORM 1 FROM public.findings WHERE analysis_id = which ORDER BY number FOR UPDATE;
    IF EXISTS (SELECT 1 FROM jsonb_to_recordset(plan->'judged') AS j (number integer, version integer)
        WHERE j.version <> (SELECT coalesce(max(version), 0) FROM public.reviews
          WHERE analysis_id = which AND finding = j.number)) THEN
      RAISE EXCEPTION 'something was said of a finding meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
  END IF;
  PERFORM public.correct_rows_of_persons(which, seen, said, who, plan);
  UPDATE public.analyses SET movement = ({_SUMS_GONE}) WHERE id = which AND movement IS NOT NULL;
END
$$"""  # noqa: S608 - a text of ours

# As in 0015; what is withdrawn does not count, whether or not it goes.
_ERASED_COUNT = "(SELECT count(*) FROM public.findings WHERE analysis_id = which AND NOT withdrawn)"
_ERASE = f"""
CREATE FUNCTION erase_person(which uuid, who integer, footage text, elsewise text, days integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  told text := public.erase_person_and_withdrawn(which, who, footage, elsewise, days);
BEGIN
  IF told = 'erased' THEN
    UPDATE public.analyses SET movement = movement || jsonb_build_object('findings', {_ERASED_COUNT}) WHERE id = which;
  END IF;
  RETURN told;
END
$$"""  # noqa: S608 - a text of ours
_WRAPPED = (
    ("correct_persons", "correct_rows_of_persons", _SIGNATURE, _CORRECT),
    ("erase_person", "erase_person_and_withdrawn", _FIVE, _ERASE),
)


def upgrade() -> None:
    """Remember the highest number of findings that went, and put what is checked around the functions of before."""
    op.add_column("analyses", sa.Column("highest_finding", sa.Integer, nullable=False, server_default="0"))
    op.execute(_REMEMBER)
    op.execute("REVOKE ALL ON FUNCTION remember_numbers() FROM PUBLIC")
    op.execute(_TRIGGER)
    op.execute(_ONCE_ERASED)
    op.execute(_ONCE_CORRECTED)
    name = _role()
    for function, inner, types, text in _WRAPPED:
        op.execute(f"ALTER FUNCTION {function}({types}) RENAME TO {inner}")
        op.execute(f"REVOKE ALL ON FUNCTION {inner}({types}) FROM {name}")
        op.execute(text)
        op.execute(f"REVOKE ALL ON FUNCTION {function}({types}) FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function}({types}) TO {name}")


def downgrade() -> None:
    """Forget which numbers were given. Sums that were forgotten stay so."""
    name = _role()
    for function, inner, types, _ in _WRAPPED:
        op.execute(f"DROP FUNCTION {function}({types})")
        op.execute(f"ALTER FUNCTION {inner}({types}) RENAME TO {function}")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function}({types}) TO {name}")
    op.execute("DROP TRIGGER remember_numbers ON findings")
    op.execute("DROP FUNCTION remember_numbers()")
    op.drop_column("analyses", "highest_finding")


def _role() -> str:
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    return op.get_bind().dialect.identifier_preparer.quote(role)
