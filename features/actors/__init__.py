"""The people of the suites: each knows how to do things; steps only say what."""
