"""The MBG's REST API seen from its consumer: OAuth 1.0a, calls, refusals, the access token."""
