"""Backups of the ACL system: what is in them, how they are read from Consul, and what restoring one changes."""
