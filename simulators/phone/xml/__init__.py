"""The XML API of a phone: pure cores."""
