"""The steps as words: their catalogue, and what to write for one that is not there yet."""
