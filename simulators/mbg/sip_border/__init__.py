"""The SIP border: sets outside, ICPs inside, calls and voice between them."""
