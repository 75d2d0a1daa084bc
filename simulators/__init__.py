"""Everything around the MCS, simulated: MBG, PBX, CT Gateway, phones, and the estate of them."""
