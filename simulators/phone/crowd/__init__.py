"""Many phones at once: who they are, when they come, and a registration core that costs little."""
