"""The life of a phone as a table with its rules: pure cores."""
