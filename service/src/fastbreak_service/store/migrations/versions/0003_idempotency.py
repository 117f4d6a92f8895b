# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The key under which a caller sent a video, so that sending it again makes no second analysis.

Releases before it leave both columns empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the key and the fingerprint of what was sent under it."""
    op.add_column("analyses", sa.Column("idempotency_key", sa.Text))
    op.add_column("analyses", sa.Column("fingerprint", sa.Text))
    op.create_index(
        "analyses_idempotency_key",
        "analyses",
        ["idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )


def downgrade() -> None:
    """Forget the keys."""
    op.drop_column("analyses", "fingerprint")
    op.drop_column("analyses", "idempotency_key")
