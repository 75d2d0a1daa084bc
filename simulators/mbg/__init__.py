"""A simulated MiVoice Border Gateway: web services, REST API, SIP border, port forwarding."""
