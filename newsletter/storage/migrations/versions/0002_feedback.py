"""What providers tell later: events, and how far the news of each delivery went."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NEWS = (
    "news = 'deferred' OR news = 'delivered' OR news = 'unsubscribed' "
    "OR news = 'soft_bounced' OR news = 'bounced' OR news = 'complained'"
)
TROUBLE = "news IN ('soft_bounced', 'bounced', 'complained')"


def upgrade() -> None:
    # Not as a batch operation: SQLite would copy the whole ledger to add one column.
    op.execute(
        f"ALTER TABLE deliveries ADD COLUMN news TEXT CONSTRAINT ck_deliveries_news_known CHECK ({NEWS})"
    )
    op.create_index(
        "ix_deliveries_trouble",
        "deliveries",
        ["issue_id", "news"],
        unique=False,
        sqlite_where=sa.text(TROUBLE),
        postgresql_where=sa.text(TROUBLE),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("permanent", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=True),
        sa.Column("subscriber_id", sa.Integer(), nullable=True),
        sa.Column("email_key", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind = 'delivered' OR kind = 'deferred' OR kind = 'bounced' OR kind = 'complained' "
            "OR kind = 'unsubscribed' OR kind = 'unknown'",
            name=op.f("ck_events_kind_known"),
        ),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_events_issue_id")),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_events_subscriber_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("provider", "key", name=op.f("uq_events_provider_key")),
    )
    op.create_index("ix_events_subscriber_id", "events", ["subscriber_id"], unique=False)
    op.create_index("ix_events_email_key", "events", ["email_key"], unique=False)
