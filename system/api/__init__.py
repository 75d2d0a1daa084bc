"""The administrator's JSON API (``docs/wire.md`` section 5), one module per resource."""
