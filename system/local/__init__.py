"""Services for phones on the local network alone: TFTP, syslog, LDAP (FWD-2)."""
