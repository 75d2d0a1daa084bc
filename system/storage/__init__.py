"""The database: tables, encrypted columns, migrations, units of work."""
