"""Transports to a simulated agent in the same process, for threads and for tasks."""
