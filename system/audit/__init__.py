"""The audit log: who did what, from where, when, and what it was before."""
