"""Unit tests of the MCS; its peers are small fakes of the tests' own."""
