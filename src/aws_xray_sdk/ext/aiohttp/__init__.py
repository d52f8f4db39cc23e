"""aiohttp: server and client."""
