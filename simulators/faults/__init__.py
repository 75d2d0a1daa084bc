"""Faults that a simulated role can be told to have: a small file each, told by one registry."""
