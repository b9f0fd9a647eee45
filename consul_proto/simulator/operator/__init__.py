"""Operator endpoints: Raft, autopilot, keyring, usage and snapshots."""
