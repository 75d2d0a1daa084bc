"""Load on the estate: bursts of phones, in numbers that can be trusted."""
