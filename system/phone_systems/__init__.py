"""Phone systems: the lasting connection to each CT Gateway and what is taken over from it."""
