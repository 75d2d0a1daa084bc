"""Phone Manager comes here: log-in, where to find the MCS, the softphone's settings."""
