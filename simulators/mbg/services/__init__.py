"""Web services: consumers, tokens, OAuth 1.0a checked, and refused requests explained."""
