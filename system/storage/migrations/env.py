"""What Alembic runs for each command; the connection comes from ``storage.database``."""

from alembic import context

from system.storage.models import Base


def run() -> None:
    """Run the revisions in the transaction of the connection that was handed over."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
