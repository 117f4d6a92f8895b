# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which player of the team a person of an analysis is, and what differs from the player's own earlier landings.

Whoever is corrected is nobody's player any more, whichever release corrects. What was told of others by an analysis is
forgotten with whatever it was told by: a player that is unsaid, another one, a person or an analysis that was erased.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from fastbreak_service.store.callers import SETTING, caller_role

revision = "0018"
down_revision = "0017"

_FIVE = "uuid, integer, text, text, integer"
_SIGNATURE = "uuid, integer, jsonb, text, jsonb"
_FORGET = """
CREATE FUNCTION forget_compared() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'DELETE' OR NEW.player <> OLD.player THEN
    UPDATE public.players SET compared = NULL, basis = '{}' WHERE basis @> ARRAY[OLD.analysis_id];
  END IF;
  RETURN NULL;
END
$$"""
_TRIGGER = (
    "CREATE TRIGGER forget_compared AFTER DELETE OR UPDATE OF player ON players "
    "FOR EACH ROW EXECUTE FUNCTION forget_compared()"
)
_CORRECT = """
CREATE FUNCTION correct_persons(which uuid, seen integer, said jsonb, who text, plan jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM public.correct_persons_and_findings(which, seen, said, who, plan);
  DELETE FROM public.players WHERE analysis_id = which
    AND person IN (SELECT (p->>'person')::integer FROM jsonb_array_elements(plan->'persons') AS p);
END
$$"""
_ERASE_PERSON = f"""
CREATE FUNCTION erase_person(which uuid, who integer, footage text, elsewise text, days integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  named integer;
  told text;
BEGIN
  PERFORM 1 FROM public.analyses WHERE id = which AND team = current_setting('{SETTING}', true) FOR UPDATE;
  named := (SELECT count(*) FROM public.players WHERE analysis_id = which AND person = who);
  told := public.erase_person_but_players(which, who, footage, elsewise, days);
  IF told = 'erased' AND named > 0 THEN
    UPDATE public.person_erasures SET erased = erased || jsonb_build_object('players', named)
      WHERE analysis_id = which AND person = who;
  END IF;
  RETURN told;
END
$$"""  # noqa: S608 - a text of ours
_ERASE_ANALYSIS = f"""
CREATE FUNCTION erase_analysis(which uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  named integer;
  counted jsonb;
BEGIN
  PERFORM 1 FROM public.analyses WHERE id = which AND team = current_setting('{SETTING}', true) FOR UPDATE;
  named := (SELECT count(*) FROM public.players WHERE analysis_id = which);
  counted := public.erase_analysis_but_players(which);
  RETURN CASE WHEN named > 0 THEN counted || jsonb_build_object('players', named) ELSE counted END;
END
$$"""  # noqa: S608 - a text of ours
_WRAPPED = (
    ("correct_persons", "correct_persons_and_findings", _SIGNATURE, _CORRECT),
    ("erase_person", "erase_person_but_players", _FIVE, _ERASE_PERSON),
    ("erase_analysis", "erase_analysis_but_players", "uuid", _ERASE_ANALYSIS),
)


def upgrade() -> None:
    """Add the table, of which a caller has the rows of its team alone, and put what follows around the functions."""
    op.create_table(
        "players",
        sa.Column("analysis_id", UUID(as_uuid=True), nullable=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("player", sa.Text, nullable=False),
        sa.Column("named_by", sa.Text, nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("compared", JSONB),
        sa.Column("basis", ARRAY(UUID(as_uuid=True)), nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("analysis_id", "person"),
        sa.ForeignKeyConstraint(
            ["analysis_id", "person"], ["persons.analysis_id", "persons.person"], ondelete="CASCADE"
        ),
        sa.CheckConstraint("player ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'", name="players_player"),
    )
    op.create_index("players_player", "players", ["player"])
    op.create_index("players_basis", "players", ["basis"], postgresql_using="gin")
    role, name = _role()
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON public.players TO {name}")
    op.execute("ALTER TABLE players ENABLE ROW LEVEL SECURITY")
    mine = "EXISTS (SELECT 1 FROM analyses WHERE analyses.id = players.analysis_id)"
    op.execute(f"CREATE POLICY players_of_team ON players USING (current_user <> '{role}' OR {mine})")
    op.execute(_FORGET)
    op.execute("REVOKE ALL ON FUNCTION forget_compared() FROM PUBLIC")
    op.execute(_TRIGGER)
    for function, inner, types, text in _WRAPPED:
        op.execute(f"ALTER FUNCTION {function}({types}) RENAME TO {inner}")
        op.execute(f"REVOKE ALL ON FUNCTION {inner}({types}) FROM {name}")
        op.execute(text)
        op.execute(f"REVOKE ALL ON FUNCTION {function}({types}) FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function}({types}) TO {name}")


def downgrade() -> None:
    """Forget who is which player, and what was told by it."""
    _, name = _role()
    for function, inner, types, _text in _WRAPPED:
        op.execute(f"DROP FUNCTION {function}({types})")
        op.execute(f"ALTER FUNCTION {inner}({types}) RENAME TO {function}")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function}({types}) TO {name}")
    op.drop_table("players")
    op.execute("DROP FUNCTION forget_compared()")


def _role() -> tuple[str, str]:
    """The callers' role, and its name as a statement has it."""
    role = caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
    return role, op.get_bind().dialect.identifier_preparer.quote(role)
