"""What is done to an MCS from the command line while it rests: key rotation, backup, restore."""
