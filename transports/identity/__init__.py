"""Transports that put the current token of an identity on each call, for threads and for tasks."""
