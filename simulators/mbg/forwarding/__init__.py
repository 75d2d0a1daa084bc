"""Port forwarding: rules, and how TCP and UDP are carried."""
