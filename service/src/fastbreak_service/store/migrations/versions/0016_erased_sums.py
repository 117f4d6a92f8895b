# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What was summed over all persons of an analysis is not told any more once one of them was erased.

Only what can be counted again without them stays. Releases before it leave the sums as they were; of these the
database takes them away, whichever release erases.
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"

# Whatever is added to `movement` later is a sum too, until it is named here.
_LEFT = (
    "SELECT jsonb_object_agg(key, CASE WHEN key IN ('events', 'findings') THEN value ELSE 'null' END) "
    "FROM jsonb_each(movement)"
)
_FORGET = f"""
CREATE FUNCTION forget_sums() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE public.analyses SET movement = ({_LEFT}) WHERE id = NEW.analysis_id AND movement IS NOT NULL;
  RETURN NULL;
END
$$"""  # noqa: S608 - a text of ours
_ONCE_ERASED = f"""
UPDATE analyses SET movement = ({_LEFT})
  WHERE movement IS NOT NULL AND EXISTS (SELECT 1 FROM person_erasures WHERE analysis_id = analyses.id)"""  # noqa: S608 - a text of ours
_TRIGGER = "CREATE TRIGGER forget_sums AFTER INSERT ON person_erasures FOR EACH ROW EXECUTE FUNCTION forget_sums()"


def upgrade() -> None:
    """Forget the sums of those analyses of which somebody was erased, and from now on with each who is."""
    op.execute(_FORGET)
    op.execute("REVOKE ALL ON FUNCTION forget_sums() FROM PUBLIC")
    op.execute(_TRIGGER)
    op.execute(_ONCE_ERASED)


def downgrade() -> None:
    """Leave sums as they are from now on. Those that were forgotten stay so."""
    op.execute("DROP TRIGGER forget_sums ON person_erasures")
    op.execute("DROP FUNCTION forget_sums()")
