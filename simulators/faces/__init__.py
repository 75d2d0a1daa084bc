"""Pages on the control ports of the simulators: what all of them share. See the README here."""
