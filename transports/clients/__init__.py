"""Transports to a real agent: over urllib3 and sockets for threads, over anyio for tasks."""
