"""Rules of the MCS as pure functions and values: no input or output, no clock, no framework."""
