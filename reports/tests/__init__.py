"""Unit tests of the reports package, and a sample run to look at."""
