"""Several machines: where load may go, where homes are, who has which share, whose clock is off."""
