"""The key/value store, sessions and transactions."""
