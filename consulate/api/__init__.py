"""The groups of calls under their documented names, for threads; beside each, where it differs, the one for tasks."""
