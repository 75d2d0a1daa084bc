"""A node's registrar served by several processes at one address (SO_REUSEPORT)."""
