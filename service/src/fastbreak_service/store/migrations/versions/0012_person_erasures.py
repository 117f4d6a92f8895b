# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Erasing one person of an analysis: what was erased, and where the person is to be covered in the video.

While a video is being covered its analysis names no place of it, so that releases before this one do not show it
either; and its work has a contract that they do not take.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from fastbreak_service.store.callers import SETTING, caller_role

revision = "0012"
down_revision = "0011"

_BLUR = 2
_COUNTED = ("persons", "measures", "poses", "events", "findings")
_COUNT = "'{0}', (SELECT count(*) FROM public.{0} WHERE analysis_id = which AND person = who)"
_COUNTS = ", ".join(map(_COUNT.format, _COUNTED))
_LEFT = ", ".join(map("'{0}', (SELECT count(*) FROM public.{0} WHERE analysis_id = which)".format, _COUNTED[3:]))
# Callers may delete nothing. With the owner's rights this deletes one person of an analysis of theirs with all that
# hangs on it. The lock comes first everywhere: whoever replaces or erases the video of an analysis has it meanwhile.
_ERASE = f"""
CREATE FUNCTION erase_person(which uuid, who integer, footage text, elsewise text, days integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  mine text := current_setting('{SETTING}', true);
  state text;
  kept text;
  there boolean;
  counted jsonb;
BEGIN
  SELECT status, footage_place INTO state, kept FROM public.analyses WHERE id = which AND team = mine FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 'unknown';
  ELSIF state IN ('queued', 'running') THEN
    RETURN 'unfinished';
  END IF;
  there := EXISTS (SELECT 1 FROM public.persons WHERE analysis_id = which AND person = who);
  IF NOT there AND NOT EXISTS (SELECT 1 FROM public.person_erasures WHERE analysis_id = which AND person = who
      AND erased_at IS NULL AND how = 'blurred' AND footage = 'delete') THEN
    RETURN 'unknown';
  END IF;
  kept := coalesce(kept, (SELECT place FROM public.work WHERE analysis_id = which AND contract = {_BLUR}));
  IF footage = 'blur' AND kept IS NOT NULL THEN
    INSERT INTO public.sightings (analysis_id, person, number, time_seconds, points)
      SELECT analysis_id, person, number, time_seconds, points FROM public.poses
      WHERE analysis_id = which AND person = who;
    IF NOT FOUND THEN
      RETURN 'unplaced';
    END IF;
  END IF;
  IF there THEN
    counted := jsonb_build_object({_COUNTS}, 'reviews', (SELECT count(*) FROM public.reviews AS r
      JOIN public.findings AS f ON f.analysis_id = r.analysis_id AND f.number = r.finding
      WHERE f.analysis_id = which AND f.person = who));
    DELETE FROM public.persons WHERE analysis_id = which AND person = who;
    INSERT INTO public.person_erasures (analysis_id, person, team, place, requested_at, how, erased, backup_days)
      VALUES (which, who, mine, coalesce(kept, elsewise), clock_timestamp(),
        CASE WHEN footage = 'blur' AND kept IS NOT NULL THEN 'blurred' ELSE 'deleted' END, counted, days);
  END IF;
  IF footage = 'blur' AND kept IS NOT NULL THEN
    INSERT INTO public.work (analysis_id, contract, place) VALUES (which, {_BLUR}, kept)
      ON CONFLICT (analysis_id) DO UPDATE SET contract = {_BLUR}, place = kept, available_at = now(), takes = 0,
        failures = 0, token = NULL, lease_until = NULL, reason = NULL, dead_at = NULL;
  ELSE
    DELETE FROM public.work WHERE analysis_id = which AND contract = {_BLUR};
    DELETE FROM public.sightings WHERE analysis_id = which;
    UPDATE public.person_erasures SET how = 'deleted' WHERE analysis_id = which AND erased_at IS NULL;
  END IF;
  UPDATE public.analyses SET footage_place = NULL, movement = movement || jsonb_build_object({_LEFT})
    WHERE id = which;
  RETURN 'erased';
END
$$"""  # noqa: S608 - a text of ours

# With the owner's rights whoever has the work may end it, and change nothing else of what it is about.
_END = f"""
CREATE FUNCTION end_covering(which uuid, mine uuid, result text, versions integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  kept text;
BEGIN
  DELETE FROM public.work WHERE analysis_id = which AND token = mine AND contract = {_BLUR} RETURNING place INTO kept;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM public.sightings WHERE analysis_id = which;
  UPDATE public.person_erasures SET erased_at = now(), how = result,
    erased = erased || jsonb_build_object('footage', versions) WHERE analysis_id = which AND erased_at IS NULL;
  UPDATE public.analyses SET footage_place = CASE WHEN result = 'blurred' THEN kept END WHERE id = which;
  RETURN true;
END
$$"""  # noqa: S608 - a text of ours


def upgrade() -> None:
    """Add what was erased, which shows a caller the rows of its team alone, what only workers see, and the function."""
    op.create_table(
        "person_erasures",
        sa.Column("analysis_id", UUID(as_uuid=True), nullable=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("erased", JSONB, nullable=False),
        sa.Column("backup_days", sa.Integer),
        sa.PrimaryKeyConstraint("analysis_id", "person"),
        sa.CheckConstraint("how IN ('blurred', 'deleted')", name="person_erasures_how"),
    )
    op.create_index("person_erasures_team", "person_erasures", ["team", "requested_at", "analysis_id"])
    op.create_index("person_erasures_left", "person_erasures", ["place"], postgresql_where=sa.text("erased_at IS NULL"))
    op.create_table(
        "sightings",
        sa.Column("analysis_id", UUID(as_uuid=True), sa.ForeignKey("analyses.id", ondelete="CASCADE"), nullable=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("time_seconds", sa.Double, nullable=False),
        sa.Column("points", ARRAY(sa.REAL), nullable=False),
        sa.PrimaryKeyConstraint("analysis_id", "number"),
    )
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    name = op.get_bind().dialect.identifier_preparer.quote(role)
    op.execute(f"GRANT SELECT ON public.person_erasures TO {name}")
    op.execute("ALTER TABLE person_erasures ENABLE ROW LEVEL SECURITY")
    mine = f"team = current_setting('{SETTING}', true)"
    op.execute(f"CREATE POLICY person_erasures_of_team ON person_erasures USING (current_user <> '{role}' OR {mine})")
    op.execute(_ERASE)
    op.execute(_END)
    op.execute("REVOKE ALL ON FUNCTION end_covering(uuid, uuid, text, integer) FROM PUBLIC")
    arguments = "uuid, integer, text, text, integer"
    op.execute(f"REVOKE ALL ON FUNCTION erase_person({arguments}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION erase_person({arguments}) TO {name}")


def downgrade() -> None:
    """Forget what was erased; it stays gone. A video that is not covered yet is shown and kept by nobody."""
    op.execute(f"DELETE FROM work WHERE contract = {_BLUR}")  # noqa: S608 - a number of ours
    op.execute("DROP FUNCTION erase_person(uuid, integer, text, text, integer)")
    op.execute("DROP FUNCTION end_covering(uuid, uuid, text, integer)")
    op.drop_table("sightings")
    op.drop_table("person_erasures")
