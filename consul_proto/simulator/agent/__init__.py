"""The local agent: its services, checks, members and events."""
