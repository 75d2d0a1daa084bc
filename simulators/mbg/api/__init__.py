"""The REST API over aiohttp."""
