"""The estate: all roles of a run composed under one CA, one clock, one seed, one address plan."""
