"""The CT Gateway's OAI stream: a pure codec and an asyncio client."""
