# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Whose an analysis is, and a role that sees one team's rows alone (row-level security).

Releases before it leave the team at its default, and are no callers: they see and write as they did.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fastbreak_service.identity.caller import DEFAULT_TEAM
from fastbreak_service.store.callers import SETTING, caller_role

revision = "0004"
down_revision = "0003"

_MINE = f"team = current_setting('{SETTING}', true)"
# An analysis that the policy on its table hides is not there for this one either.
_OF_MINE = "EXISTS (SELECT 1 FROM analyses WHERE analyses.id = {table}.analysis_id)"
_RULES = {
    "analyses": _MINE,
    "persons": _OF_MINE.format(table="persons"),
    "work": _OF_MINE.format(table="work"),
}
_RIGHTS = {"analyses": "SELECT, INSERT", "persons": "SELECT", "work": "SELECT, INSERT"}
# Measures are written by COPY, which PostgreSQL refuses on a table with row-level security. So callers have no right to
# the table, and a view instead.
_VIEW = (
    "CREATE VIEW measures_of_team AS SELECT measures.* FROM measures "  # noqa: S608 - a text of ours
    f"JOIN analyses ON analyses.id = measures.analysis_id AND {_MINE}"
)


def upgrade() -> None:
    """Add the team, the role of callers and its policies; a key is a team's own."""
    op.add_column("analyses", sa.Column("team", sa.Text, nullable=False, server_default=DEFAULT_TEAM))
    op.drop_index("analyses_idempotency_key", "analyses")
    op.create_index(
        "analyses_team_key",
        "analyses",
        ["team", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_index("analyses_team_newest", "analyses", ["team", sa.text("created_at DESC"), sa.text("id DESC")])
    role = _role()
    name = op.get_bind().dialect.identifier_preparer.quote(role)
    _make(role, name)
    op.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
    for table, rule in _RULES.items():
        op.execute(f"GRANT {_RIGHTS[table]} ON public.{table} TO {name}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_of_team ON {table} USING (current_user <> '{role}' OR {rule})")
    op.execute(_VIEW)
    op.execute(f"GRANT SELECT ON measures_of_team TO {name}")


def downgrade() -> None:
    """Forget teams. Fails, and changes nothing, while two teams have sent something under the same key."""
    name = op.get_bind().dialect.identifier_preparer.quote(_role())
    op.execute("DROP VIEW measures_of_team")
    for table, rights in _RIGHTS.items():
        op.execute(f"DROP POLICY {table}_of_team ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE {rights} ON public.{table} FROM {name}")
    op.execute(f"REVOKE USAGE ON SCHEMA public FROM {name}")
    op.execute(f"DROP ROLE {name}")
    op.drop_index("analyses_team_newest", "analyses")
    op.drop_index("analyses_team_key", "analyses")
    op.create_index(
        "analyses_idempotency_key",
        "analyses",
        ["idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.drop_column("analyses", "team")


def _make(role: str, name: str) -> None:
    """Make the role, which outlives a database that was dropped, and let its maker become it."""
    known = op.get_bind().execute(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).first()
    if known is None:
        op.execute(f"CREATE ROLE {name} NOLOGIN")
    version = op.get_bind().dialect.server_version_info or (0,)
    op.execute(f"GRANT {name} TO CURRENT_USER{' WITH INHERIT FALSE, SET TRUE' if version >= (16,) else ''}")


def _role() -> str:
    return caller_role(op.get_bind().execute(sa.text("SELECT current_database()")).scalar_one())
