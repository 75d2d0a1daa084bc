"""Lines, calls and their media: pure cores."""
