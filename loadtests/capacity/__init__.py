"""The search for the highest rate that holds the service levels."""
