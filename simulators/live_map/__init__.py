"""The live map: an estate drawn while its messages move, with clock, faults and ladders."""
