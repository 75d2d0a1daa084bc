"""Alembic's environment; run by ``storage.database`` at start, never by hand."""
