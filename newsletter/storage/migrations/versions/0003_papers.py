"""Which papers an article's text names, so that one that is retracted is noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # An article that is collected again brings its papers; until then it has none.
    op.add_column("articles", sa.Column("papers", sa.JSON(), nullable=False, server_default="[]"))
