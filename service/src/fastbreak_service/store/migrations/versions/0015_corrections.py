# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who is who: what is in doubt, what people say of it, and what is kept to follow it without the video.

Releases before it leave `trails` empty: of their analyses nobody can be corrected. Of a corrected one they show the
corrected numbers, and findings that were withdrawn too.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from fastbreak_service.store.callers import SETTING, caller_role

revision = "0015"
down_revision = "0014"

_ANALYSIS = "EXISTS (SELECT 1 FROM analyses WHERE analyses.id = {table}.analysis_id)"
# As for measures: COPY needs a table without row-level security, so callers have a view of it alone.
_VIEW = (
    "CREATE VIEW trails_of_team AS SELECT trails.* FROM trails "  # noqa: S608 - a text of ours
    f"JOIN analyses ON analyses.id = trails.analysis_id AND team = current_setting('{SETTING}', true)"
)

# The lock of those who erase: nobody corrects what somebody erases meanwhile, nor two the same.
_HOLD = f"""
CREATE FUNCTION hold_persons(which uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM 1 FROM public.analyses WHERE id = which AND team = current_setting('{SETTING}', true)
    AND status = 'succeeded' FOR UPDATE;
  RETURN FOUND;
END
$$"""

# Callers may change nothing of a result. With the owner's rights this gives rows of an analysis of theirs to another
# person of it, and says what is found of the persons then; it takes nothing away that was measured or said. Rows move
# by way of negative numbers, since two may change theirs.
_CORRECT = """
CREATE FUNCTION correct_persons(which uuid, seen integer, said jsonb, who text, plan jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  gone integer[] := ARRAY(SELECT jsonb_array_elements_text(plan->'gone')::integer);
  there integer[] := ARRAY(SELECT (p->>'person')::integer FROM jsonb_array_elements(plan->'persons') AS p);
BEGIN
  IF NOT public.hold_persons(which)
      OR seen <> (SELECT coalesce(max(version), 0) FROM public.corrections WHERE analysis_id = which) THEN
    RAISE EXCEPTION 'the analysis is not what was seen of it';
  END IF;
  INSERT INTO public.corrections (analysis_id, version, content, reviewer) VALUES (which, seen + 1, said, who);
  INSERT INTO public.persons (analysis_id, person, frames, first_frame, last_frame, angles)
    SELECT which, p.person, p.frames, p.first_frame, p.last_frame, '{}'::jsonb
    FROM jsonb_to_recordset(plan->'persons') AS p (person integer, frames integer, first_frame integer,
      last_frame integer)
    ON CONFLICT (analysis_id, person) DO UPDATE SET frames = excluded.frames, first_frame = excluded.first_frame,
      last_frame = excluded.last_frame;
  INSERT INTO public.persons (analysis_id, person, frames, first_frame, last_frame, angles)
    SELECT DISTINCT which, -(m->>1)::integer, 0, 0, 0, '{}'::jsonb FROM jsonb_array_elements(plan->'moves') AS m;
  UPDATE public.measures SET person = -(m->>1)::integer FROM jsonb_array_elements(plan->'moves') AS m
    WHERE analysis_id = which AND person = (m->>0)::integer
      AND frame BETWEEN (m->>2)::integer AND (m->>3)::integer;
  UPDATE public.measures SET person = -person WHERE analysis_id = which AND person < 0;
  UPDATE public.poses SET person = (m->>1)::integer FROM jsonb_array_elements(plan->'moves') AS m
    WHERE analysis_id = which AND person = (m->>0)::integer
      AND frame BETWEEN (m->>2)::integer AND (m->>3)::integer;
  DELETE FROM public.trails WHERE analysis_id = which AND person = ANY(gone || there);
  INSERT INTO public.trails (analysis_id, track, first_frame, last_frame, person, content)
    SELECT which, p.track, p.first_frame, p.last_frame, p.person, decode(p.content, 'base64')
    FROM jsonb_to_recordset(plan->'pieces') AS p (track integer, first_frame integer, last_frame integer,
      person integer, content text);
  DELETE FROM public.events WHERE analysis_id = which;
  INSERT INTO public.events (analysis_id, number, person, content)
    SELECT which, e.number, (e.said->>'person')::integer, e.said->'content'
    FROM jsonb_array_elements(plan->'events') WITH ORDINALITY AS e (said, number);
  INSERT INTO public.findings (analysis_id, number, person, content, withdrawn)
    SELECT which, f.number, f.person, f.content, f.withdrawn
    FROM jsonb_to_recordset(plan->'findings') AS f (number integer, person integer, content jsonb, withdrawn boolean)
    ON CONFLICT (analysis_id, number) DO UPDATE SET person = excluded.person, withdrawn = excluded.withdrawn;
  INSERT INTO public.reviews (analysis_id, finding, version, verdict, note, reviewer)
    SELECT which, f.number, 1, 'needs_another_look', f.again, who
    FROM jsonb_to_recordset(plan->'findings') AS f (number integer, again text) WHERE f.again IS NOT NULL;
  DELETE FROM public.doubts WHERE analysis_id = which;
  INSERT INTO public.doubts (analysis_id, number, person, other, content)
    SELECT which, d.number, (d.said->>'person')::integer, (d.said->>'other')::integer, d.said
    FROM jsonb_array_elements(plan->'doubts') WITH ORDINALITY AS d (said, number);
  IF EXISTS (SELECT 1 FROM public.measures WHERE analysis_id = which AND person = ANY(gone))
      OR EXISTS (SELECT 1 FROM public.poses WHERE analysis_id = which AND person = ANY(gone))
      OR EXISTS (SELECT 1 FROM public.findings WHERE analysis_id = which AND person = ANY(gone)) THEN
    RAISE EXCEPTION 'what was found of a person would be lost';
  END IF;
  DELETE FROM public.persons WHERE analysis_id = which AND (person < 0 OR person = ANY(gone));
  UPDATE public.persons AS p SET angles = coalesce((
    SELECT jsonb_object_agg(found.angle, jsonb_build_object('minimum', found.least, 'maximum', found.most,
      'mean', found.mean, 'samples', found.samples, 'unit', 'degree'))
    FROM (SELECT angle, min(value_degrees) AS least, max(value_degrees) AS most, count(*) AS samples,
        round((sum(value_degrees ORDER BY frame) / count(*))::numeric, 3)::double precision AS mean
      FROM public.measures WHERE analysis_id = which AND person = p.person GROUP BY angle) AS found), '{}'::jsonb)
    WHERE p.analysis_id = which AND p.person = ANY(there);
  UPDATE public.analyses SET movement = movement || jsonb_build_object(
      'events', (SELECT count(*) FROM public.events WHERE analysis_id = which),
      'findings', (SELECT count(*) FROM public.findings WHERE analysis_id = which AND NOT withdrawn))
    WHERE id = which;
END
$$"""

# With an erased person goes what was withdrawn, which may be of them. What is noted of their tracks finds them in a
# backup in which they have other numbers.
_ERASE = f"""
CREATE FUNCTION erase_person(which uuid, who integer, footage text, elsewise text, days integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known jsonb;
  told text;
BEGIN
  PERFORM 1 FROM public.analyses WHERE id = which AND team = current_setting('{SETTING}', true) FOR UPDATE;
  known := (SELECT jsonb_agg(jsonb_build_array(track, first_frame, last_frame) ORDER BY track, first_frame)
    FROM public.trails WHERE analysis_id = which AND person = who);
  told := public.erase_rows_of_person(which, who, footage, elsewise, days);
  IF told = 'erased' AND known IS NOT NULL THEN
    UPDATE public.person_erasures SET tracks = known WHERE analysis_id = which AND person = who;
    DELETE FROM public.findings WHERE analysis_id = which AND withdrawn;
    UPDATE public.analyses SET movement = movement || jsonb_build_object('findings',
      (SELECT count(*) FROM public.findings WHERE analysis_id = which)) WHERE id = which;
  END IF;
  RETURN told;
END
$$"""  # noqa: S608 - a text of ours
_FIVE = "uuid, integer, text, text, integer"
_FUNCTIONS = ("hold_persons(uuid)", "correct_persons(uuid, integer, jsonb, text, jsonb)", f"erase_person({_FIVE})")


def upgrade() -> None:
    """Add the tables and the functions; what was said and is in doubt shows a caller the rows of its team alone."""
    _make_tables()
    op.add_column("findings", sa.Column("withdrawn", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("person_erasures", sa.Column("tracks", JSONB))
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    name = op.get_bind().dialect.identifier_preparer.quote(role)
    for table in ("corrections", "doubts"):
        op.execute(f"GRANT SELECT ON public.{table} TO {name}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        rule = _ANALYSIS.format(table=table)
        op.execute(f"CREATE POLICY {table}_of_team ON {table} USING (current_user <> '{role}' OR {rule})")
    op.execute(_VIEW)
    op.execute(f"GRANT SELECT ON trails_of_team TO {name}")
    op.execute(f"ALTER FUNCTION erase_person({_FIVE}) RENAME TO erase_rows_of_person")
    op.execute(f"REVOKE ALL ON FUNCTION erase_rows_of_person({_FIVE}) FROM {name}")
    for function in (_HOLD, _CORRECT, _ERASE):
        op.execute(function)
    for function in _FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {name}")


def _make_tables() -> None:
    op.create_table(
        "trails",
        sa.Column("analysis_id", UUID(as_uuid=True), nullable=False),
        sa.Column("track", sa.Integer, nullable=False),
        sa.Column("first_frame", sa.Integer, nullable=False),
        sa.Column("last_frame", sa.Integer, nullable=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("analysis_id", "track", "first_frame"),
        _of_person("person"),
        sa.CheckConstraint("length(content) > 0 AND length(content) % 144 = 0", name="trails_length"),
    )
    op.create_index("trails_person", "trails", ["analysis_id", "person"])
    # It shrinks little, and is read as a whole.
    op.execute("ALTER TABLE trails ALTER COLUMN content SET STORAGE EXTERNAL")
    op.create_table(
        "doubts",
        sa.Column("analysis_id", UUID(as_uuid=True), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("other", sa.Integer, nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("analysis_id", "number"),
        _of_person("person"),
        _of_person("other"),
    )
    for column in ("person", "other"):
        op.create_index(f"doubts_{column}", "doubts", ["analysis_id", column])
    op.create_table(
        "corrections",
        sa.Column("analysis_id", UUID(as_uuid=True), sa.ForeignKey("analyses.id", ondelete="CASCADE"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("analysis_id", "version"),
        sa.CheckConstraint("version BETWEEN 1 AND 999", name="corrections_version"),
    )


def _of_person(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["analysis_id", column], ["persons.analysis_id", "persons.person"], ondelete="CASCADE"
    )


def downgrade() -> None:
    """Forget what was said of who is who; everybody stays who they are now."""
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    name = op.get_bind().dialect.identifier_preparer.quote(role)
    for function in reversed(_FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}")
    op.execute(f"ALTER FUNCTION erase_rows_of_person({_FIVE}) RENAME TO erase_person")
    op.execute(f"GRANT EXECUTE ON FUNCTION erase_person({_FIVE}) TO {name}")
    op.execute("DROP VIEW trails_of_team")
    for table in ("corrections", "doubts", "trails"):
        op.drop_table(table)
    op.execute("DELETE FROM findings WHERE withdrawn")
    op.drop_column("findings", "withdrawn")
    op.drop_column("person_erasures", "tracks")
