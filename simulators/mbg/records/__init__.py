"""ICPs and SIP devices: what REST, site and border share."""
