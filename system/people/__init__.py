"""Accounts of people, their log-ins, and who has which extension."""
