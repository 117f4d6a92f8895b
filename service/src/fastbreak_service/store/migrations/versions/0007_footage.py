# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where the video of an analysis is kept after its end.

Releases before it delete a video when its analysis has ended, and leave the column empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the place, which is nowhere for what is there already."""
    op.add_column("analyses", sa.Column("footage_place", sa.Text))


def downgrade() -> None:
    """Forget where videos are kept: in a folder they are deleted soon, in a bucket by its lifecycle."""
    op.drop_column("analyses", "footage_place")
