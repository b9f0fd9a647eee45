"""Transports that reach a real agent: urllib3 and sockets for threads, anyio for tasks."""
