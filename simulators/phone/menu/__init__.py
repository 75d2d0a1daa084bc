"""The menu of a phone: pure cores."""
