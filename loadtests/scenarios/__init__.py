"""What a burst can be made of: one module for each kind of item, and one table of them all."""
