"""Locust's side of a burst: its users, its workers, its statistics, and the engine beside them."""
