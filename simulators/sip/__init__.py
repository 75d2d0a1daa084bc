"""SIP (RFC 3261) as pure cores: messages, digest, transactions, registration. No sockets here."""
