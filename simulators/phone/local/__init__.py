"""What a phone does on the local network: DHCP, TFTP, LDAP, syslog, directories; pure cores."""
