"""Alembic's entry: runs on the connection that storage.database hands over."""

from alembic import context

from newsletter.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the caller holds the transaction
)
context.run_migrations()
