"""Recipes: a kept session, a lock, a semaphore and an election, each as a state machine without I/O (`machine.py`)."""
