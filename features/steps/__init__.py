"""Steps: one to three lines each over the actors, a module per area."""
